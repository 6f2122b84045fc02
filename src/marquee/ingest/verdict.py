"""What follows from films that were asked for: facts to accept, and films to set aside with the reason."""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marquee.domain.aside import PARTIAL_TRIES, Aside, failed, gone, missing
from marquee.domain.facts import Fact, FilmFact, Gone
from marquee.domain.validation import complaint
from marquee.errors import MarqueeError, NotFoundError
from marquee.ingest.search import ANY_LANGUAGE
from marquee.sources.tmdb import SOURCE, FilmAnswer
from marquee.sources.tmdb_facts import film_facts, review_facts

REASON = 300
"""Characters of a reason."""

ADULT = "TMDB lists it among adult films, which are not crawled"
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Group:
    """What became of films that were asked for together."""

    answers: list[FilmAnswer] = field(default_factory=list)
    failures: dict[int, MarqueeError] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """The films of which something is known now."""
        return [*(answer.body["id"] for answer in self.answers), *self.failures]

    def acquit(self, ids: Iterable[int]) -> None:
        """Forget the failures of films that failed together with their source."""
        for movie_id in ids:
            self.failures.pop(movie_id, None)


@dataclass(slots=True)
class Verdict:
    """What follows from a group: facts to accept, films to mark as fetched, films to set aside.

    before: films of the group that were set aside; held: those that their source has told of before; now: ms.
    """

    before: Mapping[int, Aside]
    held: Collection[int]
    languages: Sequence[str]
    now: int
    facts: list[Fact] = field(default_factory=list)
    fetched: list[int] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)

    def on(self, group: Group) -> "Verdict":
        """Work out what follows from a group."""
        for answer in group.answers:
            self.take(answer)
        for movie_id, error in group.failures.items():
            say = missing if isinstance(error, NotFoundError) else failed
            self.aside.append(say(self.before.get(movie_id), movie_id, error.message[:REASON], self.now))
        self.facts += [Gone(film.movie_id, self.now, SOURCE) for film in self.aside if film.kind == "gone"]
        return self

    def take(self, answer: FilmAnswer) -> None:
        """Work out what follows from an answer.

        A film in another language, or an adult one, is taken only if it is held; one that turned adult is then gone. What
        cannot be read leaves a film as it was.
        """
        movie_id, adult = answer.body["id"], answer.body.get("adult") is True
        last, held = self.before.get(movie_id), movie_id in self.held
        if adult and held:
            self.aside.append(gone(last if last and last.kind == "gone" else None, movie_id, ADULT, self.now))
        elif adult or not (held or self.speaks(answer.body)):
            self.fetched.append(movie_id)
        elif reason := self.flaw(answer, held):
            self.aside.append(failed(last, movie_id, reason[:REASON], self.now))
            self.facts += [fact for fact in film_facts(answer.body, self.now, SOURCE) if complaint(fact, self.now)]
        else:
            self.fetched.append(movie_id)
            self.facts += answer_facts(answer, self.now)
            self.aside += partly(last, movie_id, answer.reviews.trouble, self.now)

    def speaks(self, body: Mapping[str, Any]) -> bool:
        """Say whether a film is in a language that is taken, as far as that can be read."""
        spoken = body.get("original_language")
        return ANY_LANGUAGE in self.languages or not isinstance(spoken, str) or spoken.lower() in self.languages

    def flaw(self, answer: FilmAnswer, held: bool) -> str:
        """Say why an answer's description cannot be taken; nothing where it can."""
        if not isinstance(answer.body.get("original_language"), str) and ANY_LANGUAGE not in self.languages:
            return "TMDB's answer does not say in which language it is"
        if held and (lacking := answer.lacking):
            return f"TMDB's answer lacks its {lacking}"
        described = [fact for fact in film_facts(answer.body, self.now, SOURCE) if isinstance(fact, FilmFact)]
        problem = complaint(described[0], self.now) if described else "film has no title"
        return f"TMDB's answer cannot be taken: {problem}" if problem else ""


def partly(before: Aside | None, movie_id: int, trouble: str, now: int) -> list[Aside]:
    """Set a film aside whose reviews did not come as a whole, unless that was tried often enough."""
    if not trouble:
        return []
    if before is not None and before.kind == "partial" and before.tries >= PARTIAL_TRIES:
        log.warning("film %d is taken with the reviews that came: %s", movie_id, trouble)
        return []
    return [failed(before, movie_id, f"its reviews did not come as a whole: {trouble}"[:REASON], now, "partial")]


def answer_facts(answer: FilmAnswer, now: int) -> list[Fact]:
    """Return all facts of a film with its reviews. Only a whole list of these says which are gone."""
    reviews, movie_id = answer.reviews, answer.body["id"]
    facts = list(film_facts(answer.body, now, SOURCE))
    return facts + list(review_facts(movie_id, reviews.items, SOURCE, complete=reviews.complete))
