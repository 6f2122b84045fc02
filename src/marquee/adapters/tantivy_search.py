"""Full-text search over film titles and people, in memory, by tantivy.

A query is taken apart by the index's own analyser and put together from terms: what a person types is
never parsed as a query language, so no character in it has a meaning.
"""

from collections.abc import Iterable
from itertools import islice

import tantivy

ANALYZER = "folded"
FIELDS = (("title", 4.0), ("original_title", 2.0), ("people", 1.0))
FUZZY_FROM = 4
"""Length from which a word may have one typing error."""

MAX_WORDS = 12
WRITER_BYTES = 32_000_000


def analyzer() -> tantivy.TextAnalyzer:
    """Return an analyser: words, lower case, accents folded."""
    steps = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    return steps.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold()).build()


class TitleSearch:
    """An index of (movie id, title, original title, people)."""

    def __init__(self) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_integer_field("movie_id", stored=True, indexed=True)
        for name, _ in FIELDS:
            builder.add_text_field(name, tokenizer_name=ANALYZER)
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema)
        self.index.register_tokenizer(ANALYZER, analyzer())
        self.analyzer = analyzer()

    def update(self, films: Iterable[tuple[int, str, str, list[str]]], gone: Iterable[int] = ()) -> None:
        """Put films in, replacing what is held of them, and take others out."""
        films, gone = list(films), list(gone)
        if not films and not gone:
            return
        writer = self.index.writer(WRITER_BYTES, 1)
        for movie_id in gone:
            writer.delete_documents_by_term("movie_id", movie_id)
        for movie_id, title, original_title, people in films:
            writer.delete_documents_by_term("movie_id", movie_id)
            document = tantivy.Document(movie_id=movie_id, title=title, original_title=original_title)
            for name in people:
                document.add_text("people", name)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()

    def words(self, text: str) -> list[str]:
        """Return the words of a text as the index knows them."""
        return list(islice(self.analyzer.analyze(text), MAX_WORDS))

    def query(self, text: str) -> tantivy.Query | None:
        """Return the query that asks for every word, the last one also as a prefix; None of no words."""
        words = self.words(text)
        if not words:
            return None
        clauses = []
        for position, word in enumerate(words):
            choices = []
            for field, weight in FIELDS:
                exact = tantivy.Query.term_query(self.schema, field, word)
                choices.append((tantivy.Occur.Should, tantivy.Query.boost_query(exact, 3 * weight)))
                if position == len(words) - 1:
                    prefix = tantivy.Query.regex_query(self.schema, field, f"{word}.*")
                    choices.append((tantivy.Occur.Should, tantivy.Query.boost_query(prefix, weight)))
                if len(word) >= FUZZY_FROM:
                    near = tantivy.Query.fuzzy_term_query(self.schema, field, word, 1, True)
                    choices.append((tantivy.Occur.Should, tantivy.Query.boost_query(near, 0.5 * weight)))
            clauses.append((tantivy.Occur.Must, tantivy.Query.boolean_query(choices)))
        return tantivy.Query.boolean_query(clauses)

    def search(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Return (movie id, score) of the best matches, best first; nothing for a text without words."""
        query = self.query(text)
        if query is None:
            return []
        searcher = self.index.searcher()
        hits = searcher.search(query, limit).hits
        return [(searcher.doc(address)["movie_id"][0], score) for score, address in hits]
