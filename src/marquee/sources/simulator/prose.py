"""Reviews that sound like people's, with a known sentiment, and titles and names; all from a random generator."""

from random import Random

ASPECTS = (
    *("the script", "the pacing", "the camera work", "the score", "the lead performance", "the ending"),
    *("the dialogue", "the second act", "the production design", "the editing", "the supporting cast"),
    *("the direction", "the opening", "the humour", "the sound mix", "the premise", "the central romance"),
)
PRAISE = (
    *("a delight", "superb", "wonderful from start to finish", "genuinely moving", "a triumph", "beautiful"),
    *("sharp and funny", "better than I had hoped", "the best thing here", "brilliant", "a joy to watch"),
    *("thrilling", "masterful", "charming", "perfectly judged", "impressive"),
)
BLAME = (
    *("a mess", "painfully dull", "terrible", "lazy", "a waste of good talent", "ugly to look at", "awful"),
    *("the worst part of it", "boring", "a disappointment", "annoyingly loud", "weak", "poor", "hopeless"),
    *("irritating", "badly misjudged"),
)
NEUTRAL = (
    *(
        "runs for a little over the usual length",
        "sticks to the book",
        "opens in a small town",
        "is told in flashback",
    ),
    *(
        "was shot on location",
        "follows three families",
        "takes its time",
        "comes from the same studio as the last one",
    ),
    *("moves between two cities", "begins where the first part left off", "keeps to the formula"),
)
GLAD = (
    *(
        "I loved every minute.",
        "Go and see it, you will not regret it.",
        "I left the cinema happy.",
        "What a great film!",
    ),
    *(
        "My whole family enjoyed it.",
        "Easily one of my favourites this year.",
        "I cannot recommend it enough.",
    ),
    *("It made me laugh and it made me cry, in the best way.", "A fantastic evening out."),
)
SORRY = (
    *("I want those two hours back.", "Save your money.", "I nearly walked out.", "What a horrible film."),
    *("Nothing about it worked for me, and I was bored to tears.", "I hate what they did with it."),
    *("A sad failure all round.", "Avoid it, it is bad.", "I was so disappointed."),
)
PLAIN = (
    *(
        "I saw it on a Tuesday.",
        "There are worse and better ones.",
        "It is what you expect.",
        "Make of it what you will.",
    ),
    *("I had read the book before.", "The cinema was half full.", "It is on for another week here."),
)
OPENINGS = (
    "Honestly, ",
    "To my mind ",
    "For what it is, ",
    "I have to say, ",
    "Look: ",
    "In short, ",
    "",
    "",
    "",
    "",
)
JOINS = (" and ", ", while ", ", and then ", "; besides, ")

FIRST = (
    "Ada",
    "Bela",
    "Carla",
    "Dario",
    "Edda",
    "Farid",
    "Gina",
    "Hugo",
    "Ines",
    "Jonas",
    "Kofi",
    "Lena",
    "Mira",
    "Noor",
    "Otis",
    "Petra",
    "Quinn",
    "Rosa",
    "Sami",
    "Tara",
    "Ugo",
    "Vera",
    "Wim",
    "Xenia",
    "Yara",
    "Zoltan",
    "Amara",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Freya",
    "Goran",
    "Hana",
    "Idris",
    "Jun",
    "Kaia",
    "Luca",
    "Maeve",
    "Nils",
)
LAST = (
    "Abara",
    "Bergman-Holt",
    "Castellano",
    "Drummond",
    "Eriksen",
    "Farrow",
    "Galanis",
    "Haddad",
    "Ivanova",
    "Jansen",
    "Kowalczyk",
    "Lindqvist",
    "Moreau",
    "Nakata",
    "Okafor",
    "Petrescu",
    "Quiroga",
    "Rahimi",
    "Sandoval",
    "Tanaka",
    "Ulrich",
    "Vasquez",
    "Weller",
    "Ximenes",
    "Yildiz",
    "Zeman",
    "Ashdown",
    "Bello",
    "Corrigan",
    "Dubois",
    "Engel",
    "Fontaine",
    "Greco",
    "Holloway",
    "Ito",
    "Jovanovic",
    "Klein",
    "Larsen",
    "Mbeki",
    "Novak",
)
ADJECTIVES = (
    "Silent",
    "Crimson",
    "Last",
    "Hidden",
    "Broken",
    "Golden",
    "Burning",
    "Distant",
    "Wild",
    "Hollow",
    "Electric",
    "Frozen",
    "Perfect",
    "Midnight",
    "Paper",
    "Iron",
    "Secret",
    "Velvet",
    "Lonely",
    "Invisible",
    "Restless",
    "Gentle",
    "Savage",
    "Lost",
    "Second",
    "Bitter",
    "Bright",
)
NOUNS = (
    "River",
    "Orchard",
    "Horizon",
    "Kingdom",
    "Letter",
    "Station",
    "Shadow",
    "Garden",
    "Promise",
    "Winter",
    "Machine",
    "Lighthouse",
    "Empire",
    "Harbour",
    "Summer",
    "Witness",
    "Stranger",
    "Mirror",
    "Highway",
    "Tide",
    "Archive",
    "Circus",
    "Engine",
    "Sparrow",
    "Verdict",
    "Island",
    "Parade",
)
PLACES = (
    "Lisbon",
    "the Valley",
    "Night Street",
    "the North",
    "Marseille",
    "Tomorrow",
    "the Deep",
    "Harlow",
    "Kyoto",
)


def person(rng: Random) -> str:
    """Make a name."""
    return f"{rng.choice(FIRST)} {rng.choice(LAST)}"


def title(rng: Random) -> str:
    """Make a film's title."""
    adjective, noun = rng.choice(ADJECTIVES), rng.choice(NOUNS)
    forms = (
        f"The {adjective} {noun}",
        f"{adjective} {noun}",
        f"{noun} of {rng.choice(PLACES)}",
        f"A {noun} in {rng.choice(PLACES)}",
        f"The {noun}",
        f"{rng.choice(FIRST)}'s {noun}",
        f"The {noun} and the {rng.choice(NOUNS)}",
        f"{adjective} {noun} {rng.randint(2, 4)}",
    )
    return rng.choice(forms)


def overview(rng: Random) -> str:
    """Make a film's summary."""
    hero, other = person(rng), person(rng)
    trade = rng.choice(("a retired detective", "a young pianist", "a smuggler", "a teacher", "an engineer", "a nurse"))
    turn = rng.choice(("a letter arrives", "the power fails", "an old debt is called in", "a stranger moves in"))
    stake = rng.choice(("everything they own", "the town's only bridge", "a secret of forty years", "each other"))
    return f"{hero}, {trade}, has put the past away until {turn}. With {other} and little time, they may lose {stake}."


def review(rng: Random, feeling: int, film: str) -> str:
    """Write a review of two to a dozen sentences; feeling is 1 (glad), 0 (neither) or -1 (sorry)."""
    verdicts, closers = {1: (PRAISE, GLAD), 0: (NEUTRAL, PLAIN), -1: (BLAME, SORRY)}[feeling]
    sentences = []
    for _ in range(min(11, 1 + int(rng.expovariate(0.33)))):
        aspect = rng.choice(ASPECTS)
        if feeling == 0 or rng.random() < 0.2:
            said = f"{film} {rng.choice(NEUTRAL)}"
        else:
            said = f"{aspect} is {rng.choice(verdicts)}"
            if rng.random() < 0.3:
                said += f"{rng.choice(JOINS)}{rng.choice(ASPECTS)} is {rng.choice(verdicts)}"
            elif rng.random() < 0.15:
                said += f", but {rng.choice(ASPECTS)} is {rng.choice(BLAME if feeling > 0 else PRAISE)}"
        opening = rng.choice(OPENINGS)
        said = opening + said
        sentences.append(said[0].upper() + said[1:] + rng.choice((".", ".", ".", "!")))
    sentences.append(rng.choice(closers))
    if rng.random() < 0.04:
        sentences.append(rng.choice(("👍", "😍", "😡", "ممتاز", "素晴らしい")))
    return " ".join(sentences)
