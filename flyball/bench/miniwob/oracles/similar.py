"""The words that the synonym task takes for one another."""

from __future__ import annotations

from collections.abc import Set

_GROUPS = [
    frozenset(line.split())
    for line in """
    enormous huge gigantic large big
    mini little petite tiny small
    vermillion crimson scarlet red
    delighted gleeful joyful cheerful happy
    tragic miserable sorrowful unhappy sad
    irritated furious mad angry
    depraved corrupt sinful immoral wicked evil
    erroneous mistaken incorrect wrong
    actual genuine real
    weird unusual peculiar odd strange
    finish end halt cease stop
    afraid frightened fearful panicked terrified scared
    mild serene peaceful calm quiet
    archaic aged old
    favor adore like love
    assassinate murder kill
    maintain sustain preserve retain keep
    camouflage conceal hide
    dislike detest loathe despise hate
    laughable comical amusing humorous funny
    chubby plump fleshy fat
    unwise dull dumb stupid
    appetizing delectable savory delicious
    chop carve slice cut
    fearless courageous brave
    launch initiate start begin
    response reply answer
    TVs TV televisions television
    homes houses home house
    flames fires flame fire
    swine pork pig
    bunnies bunny rabbits rabbit
    vehicles vehicle automobiles automobile cars car
    """.splitlines()
    if line.strip()
]


def similar(word: str) -> Set[str]:
    """Give the words that mean what `word` means, with itself."""
    return next((group for group in _GROUPS if word in group), frozenset({word}))
