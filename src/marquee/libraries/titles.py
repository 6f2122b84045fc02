"""Full-text search over film titles and people, in memory, by tantivy.

A query is put together from terms: what a person types is never parsed as a query language, so no character in it has
a meaning. What counts is how well each word is found (exactly, half typed, mistyped; in a title or among people),
whether the title is asked for whole, and a little how well known the film is.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import tantivy

from marquee.domain.titles import (
    ARTICLES,
    bare,
    canonical,
    is_run,
    joined,
    name_terms,
    parts,
    squeezed,
    terms,
    wholes,
    words,
)

TITLE, PEOPLE, WHOLE, YEAR, FAME = "title", "people", "whole", "year", "fame"
OPTIONAL: Final = ARTICLES | {"and", "movie", "film"}
OPTIONAL_SHARE = 0.1
"""Words that a query may have and a title may lack, and what they are worth of what others are."""

YEARS: Final = range(1874, 2101)
ONE_ERROR_FROM, TWO_ERRORS_FROM = 4, 8
"""Letters from which a word may have one typing error, and two; letters that changed places are one."""

ENOUGH = 3
"""Films from which typing errors are not looked for, as where one title has every word: people want one of the first."""

MAX_WORDS, MAX_LETTERS = 12, 40
WRITER_BYTES = 32_000_000

EXACT, JOINED, BEGUN, ONE_ERROR, TWO_ERRORS, BEGUN_ERROR = 10.0, 9.5, 7.0, 4.5, 3.0, 2.5
"""What a word of a query is worth by how a title has it; the words' mean is a film's score."""

PERSON = 0.8
"""What a word is worth among people, of what it is worth in a title."""

WHOLE_EXACT, WHOLE_BEGUN = 8.0, 1.0
"""What is added where a title is asked for whole, and where it begins so."""

FAME_WEIGHT, MOST_VOTES = 0.12, 2.0**16
"""The most known film's score is so much higher, in the logarithm of its votes."""

Query = tantivy.Query
Must, Should = tantivy.Occur.Must, tantivy.Occur.Should


@dataclass(frozen=True, slots=True)
class IndexedFilm:
    """What is known of a film to find it by. year: of its release; votes: how well known it is."""

    movie_id: int
    title: str
    original_title: str
    people: Sequence[str]
    year: int | None = None
    votes: int = 0


def document(film: IndexedFilm) -> tantivy.Document:
    """Return a film as the index holds it."""
    titles = {film.title, film.original_title} - {""}
    fame = FAME_WEIGHT * math.log2(1 + film.votes) / math.log2(MOST_VOTES)
    found = tantivy.Document(movie_id=film.movie_id, year=film.year or 0, fame=2 ** (1 + fame) - 2)
    found.add_text(TITLE, " ".join(set().union(*map(terms, titles))))
    found.add_text(PEOPLE, " ".join(name_terms(film.people)))
    for whole in set().union(*map(wholes, titles)):
        found.add_text(WHOLE, whole)
    return found


class TitleSearch:
    """An index of films by their titles, original titles, people and years."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("movie_id", indexed=True, fast=True)
        builder.add_integer_field(YEAR, indexed=True)
        builder.add_float_field(FAME, fast=True)
        for name, tokenizer in ((TITLE, "whitespace"), (PEOPLE, "whitespace"), (WHOLE, "raw")):
            builder.add_text_field(name, tokenizer_name=tokenizer, index_option="basic")
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema)

    def update(self, films: Iterable[IndexedFilm], gone: Iterable[int] = ()) -> None:
        """Put films in, replacing what is held of them, and take others out."""
        films, gone = list(films), list(gone)
        if not films and not gone:
            return
        writer = self.index.writer(WRITER_BYTES, 1)
        for movie_id in (*gone, *(film.movie_id for film in films)):
            writer.delete_documents_by_term("movie_id", movie_id)
        for film in films:
            writer.add_document(document(film))
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def search(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Return (movie id, score) of the best matches, best first; nothing for a text without words.

        Where no film has every word, films that lack one are found.
        """
        asked = [word[:MAX_LETTERS] for word in words(text)[:MAX_WORDS]]
        if not asked:
            return []
        found = self.hits(self.query(asked, 0, errors=False), limit)
        if len(found) < ENOUGH and not (found and found[0][1] >= JOINED):
            found = self.hits(self.query(asked, 0), limit)
        for missing in sorted({min(1, len(asked) // 2), len(asked) // 2}):
            found = found or self.hits(self.query(asked, missing), limit)
        return found

    def hits(self, query: Query, limit: int) -> list[tuple[int, float]]:
        """Return (movie id, score) of what a query finds."""
        searcher = self.index.searcher()
        found = searcher.search(query, limit, count=False, weight_by_field=FAME).hits
        ids = cast(list[int], searcher.fast_field_values("movie_id", [address for _, address in found]))
        return [(movie_id, score) for movie_id, (score, _) in zip(ids, found, strict=True)]

    def query(self, asked: Sequence[str], missing: int, *, errors: bool = True) -> Query:
        """Return the query for words, of which so many may be missing; errors: whether they may be mistyped."""
        forms = list(dict.fromkeys((tuple(asked), tuple(canonical(asked)))))
        dated = squeezed_forms(forms)
        whole = squeezed_forms([*forms, *map(without_year, forms)])
        ways = [self.sequence(form, missing, errors=errors) for form in forms]
        ways += [constant(self.begins(WHOLE, form), BEGUN) for form in dated if len(form) >= ONE_ERROR_FROM]
        return Query.boolean_query(
            [
                (Must, best(ways)),
                (Should, constant(self.any_of(WHOLE, whole), WHOLE_EXACT)),
                (Should, constant(best([self.whole_begun(form, errors=errors) for form in whole]), WHOLE_BEGUN)),
            ]
        )

    def whole_begun(self, form: str, *, errors: bool) -> Query:
        """Return the query for titles that begin so, or are one typing error away."""
        begun = self.begins(WHOLE, form)
        return best([begun, self.near(WHOLE, form, 1)]) if errors and len(form) >= ONE_ERROR_FROM else begun

    def sequence(self, asked: Sequence[str], missing: int, *, errors: bool) -> Query:
        """Return the query for words in order, the last one perhaps half typed."""
        needed = [word for word in asked if word not in OPTIONAL] or list(asked)
        inner, outer = [], []
        for place, word in enumerate(asked):
            found = best(self.choices(asked, place, 1 / len(needed), errors=errors))
            if word in needed:
                inner.append((Should, found))
            else:
                outer.append((Should, Query.boost_query(found, OPTIONAL_SHARE)))
        least = max(1, len(needed) - missing)
        return Query.boolean_query([(Must, Query.boolean_query(inner, minimum_number_should_match=least)), *outer])

    def choices(self, asked: Sequence[str], place: int, share: float, *, errors: bool) -> list[Query]:
        """Return the queries for one word among others, each in what it is worth."""
        word, last = asked[place], place == len(asked) - 1
        errors = errors and len(word) >= ONE_ERROR_FROM and not word.isdecimal()
        if is_run(word):
            pairs = [(Must, Query.term_query(self.schema, TITLE, part)) for part in parts(word)]
            return [constant(Query.boolean_query(pairs), EXACT * share)]
        around = {*joined(asked[max(0, place - 1) : place + 2]), *initials(asked, place)}
        found = []
        for field, worth in ((TITLE, share), (PEOPLE, PERSON * share)):
            if around:
                found.append(constant(self.any_of(field, around), JOINED * worth))
            found.append(constant(Query.term_query(self.schema, field, word), EXACT * worth))
            if last:
                found.append(constant(self.begins(field, word), BEGUN * worth))
            if errors:
                found.append(constant(self.near(field, word, 1), ONE_ERROR * worth))
            if errors and len(word) >= TWO_ERRORS_FROM:
                found.append(constant(self.near(field, word, 2), TWO_ERRORS * worth))
        if last and errors:
            found.append(constant(self.near(TITLE, word, 1, begun=True), BEGUN_ERROR * share))
        if word.isdecimal() and int(word) in YEARS:
            found += [constant(Query.term_query(self.schema, YEAR, int(word)), JOINED * share)]
            found += [
                constant(Query.term_query(self.schema, YEAR, int(word) + by), ONE_ERROR * share) for by in (-1, 1)
            ]
        return found

    def any_of(self, field: str, values: Iterable[str]) -> Query:
        """Return the query for any of some words."""
        return best([Query.term_query(self.schema, field, value) for value in values])

    def begins(self, field: str, word: str) -> Query:
        """Return the query for what begins with a word."""
        return Query.fuzzy_term_query(self.schema, field, word, 0, prefix=True)

    def near(self, field: str, word: str, errors: int, *, begun: bool = False) -> Query:
        """Return the query for words that are so many typing errors away, or that begin so."""
        return Query.fuzzy_term_query(self.schema, field, word, errors, prefix=begun)


def initials(asked: Sequence[str], place: int) -> list[str]:
    """Return the word that the single letters around a place make, as of "m a s h"."""
    if len(asked[place]) > 1:
        return []
    first = last = place
    while first and len(asked[first - 1]) == 1:
        first -= 1
    while last + 1 < len(asked) and len(asked[last + 1]) == 1:
        last += 1
    return [squeezed(asked[first : last + 1])] if last > first else []


def squeezed_forms(forms: Iterable[Sequence[str]]) -> list[str]:
    """Return each of some ways to write a title as one word, with and without its article."""
    return list(dict.fromkeys(squeezed(kind) for form in forms for kind in (form, bare(form))))


def without_year(asked: Sequence[str]) -> list[str]:
    """Return words without the year behind them."""
    return list(asked[:-1]) if len(asked) > 1 and asked[-1].isdecimal() and int(asked[-1]) in YEARS else list(asked)


def constant(query: Query, score: float) -> Query:
    """Return a query whose hits score the same."""
    return Query.const_score_query(query, score)


def best(queries: list[Query]) -> Query:
    """Return the query for any of some, which scores as the best of them."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries)
