"""The conformance suite on the real services: the very tests that memory and SQLite pass."""

from tests.conformance.test_ports import (
    test_a_document_published_as_it_was_has_not_changed,
    test_a_failed_or_stale_publication_leaves_the_last_one,
    test_a_speed_store_keeps_the_later_film_and_expires_by_ingest_hour,
    test_a_speed_store_merges_partials_and_a_replay_changes_nothing,
    test_a_speed_store_says_which_micro_batch_was_begun_and_not_finished,
    test_speed_views_give_what_changed_since_a_version,
    test_views_show_one_run_whole,
)

__all__ = [
    "test_a_document_published_as_it_was_has_not_changed",
    "test_a_failed_or_stale_publication_leaves_the_last_one",
    "test_a_speed_store_keeps_the_later_film_and_expires_by_ingest_hour",
    "test_a_speed_store_merges_partials_and_a_replay_changes_nothing",
    "test_a_speed_store_says_which_micro_batch_was_begun_and_not_finished",
    "test_speed_views_give_what_changed_since_a_version",
    "test_views_show_one_run_whole",
]
