"""Which lines travel together: bit words of up to 16 lines that the same groups need."""

from __future__ import annotations

from collections.abc import Callable, Sequence

LINES = 16  # of a bit word: the sum of four such words still fits into 18 bits
_OVERHEAD = 16  # what a word more costs each of its groups, in synapse words: code, and time about as of so many lines
_LARGE = 8  # lines with the same groups from which on they make a word, which others may join

Fits = Callable[[int, Sequence[int]], bool]


def bit_words(reach: Sequence[int], fits: Fits) -> tuple[tuple[int, ...], ...]:
    """Return the lines of each bit word, from ``reach``: per line a set of groups, as bits of a number.

    Lines that no group needs are left out. ``fits(group, lines)`` tells whether a group's sums over a word of these
    lines keep to their lanes; a single line must. Lines that the same groups need come together; the others join
    them where that costs least, and what remains is merged, best first, as long as that saves synapse words.
    """
    lots = _lots(reach, fits)
    large = [[lot] for lot in lots if len(lot[1]) >= _LARGE]
    small = [(groups, (line,)) for groups, lines in lots if len(lines) < _LARGE for line in lines]
    words = _merge([*large, *([lot] for lot in _join(large, small, fits))], fits)
    return tuple(sorted(tuple(sorted(line for lot in word for line in lot[1])) for word in words))


_Lot = tuple[int, tuple[int, ...]]  # groups, lines
_Word = list[_Lot]


def _lots(reach: Sequence[int], fits: Fits) -> list[_Lot]:
    """Return lines with the same groups in lots, as large as fit."""
    classes: dict[int, list[int]] = {}
    for line, groups in enumerate(reach):
        if groups:
            classes.setdefault(groups, []).append(line)
    lots = []
    for groups, lines in classes.items():
        lot: list[int] = []
        for line in lines:
            if len(lot) == LINES or (lot and not _all_fit(groups, [*lot, line], fits)):
                lots.append((groups, tuple(lot)))
                lot = []
            lot.append(line)
        lots.append((groups, tuple(lot)))
    return lots


def _members(groups: int) -> list[int]:
    return [k for k in range(groups.bit_length()) if groups >> k & 1]


def _all_fit(groups: int, lines: Sequence[int], fits: Fits) -> bool:
    return all(fits(group, lines) for group in _members(groups))


def _groups(word: _Word) -> int:
    found = 0
    for groups, _ in word:
        found |= groups
    return found


def _size(word: _Word) -> int:
    return sum(len(lines) for _, lines in word)


def _cost(groups: int, size: int) -> int:
    return groups.bit_count() * (size + _OVERHEAD) if size else 0


def _join(words: list[_Word], lots: Sequence[_Lot], fits: Fits) -> list[_Lot]:
    """Put single lines into words with room, the one with most to lose first; returns those that do not belong."""
    facts = [(_groups(word), _size(word)) for word in words]
    waiting, alone = dict(enumerate(lots)), []
    offers = {k: _offers(words, facts, lot, fits) for k, lot in waiting.items()}
    while waiting:
        k = max(waiting, key=lambda i: (_regret(offers[i], waiting[i]), -i))
        lot = waiting.pop(k)
        growth, place = offers[k][0] if offers[k] else (0, -1)
        if place < 0 or growth >= _cost(lot[0], 1):
            alone.append(lot)
            continue
        words[place].append(lot)
        facts[place] = facts[place][0] | lot[0], facts[place][1] + 1
        for i, other in waiting.items():
            if any(place == found for _, found in offers[i]):
                offers[i] = _offers(words, facts, other, fits)
    return alone


def _offers(words: Sequence[_Word], facts: Sequence[tuple[int, int]], lot: _Lot, fits: Fits) -> list[tuple[int, int]]:
    """Return the words that can take a line, as (what it costs there, place), the best two first."""
    found = []
    for place, (groups, size) in enumerate(facts):
        if size < LINES and groups & lot[0]:
            growth = _cost(groups | lot[0], size + 1) - _cost(groups, size)
            found.append((growth, place))
    fitting = []
    for growth, place in sorted(found):
        lines = [line for _, each in words[place] for line in each]
        if _all_fit(facts[place][0] | lot[0], [*lines, *lot[1]], fits):
            fitting.append((growth, place))
        if len(fitting) == 2:
            break
    return fitting


def _regret(offers: Sequence[tuple[int, int]], lot: _Lot) -> int:
    """Return what a line loses when its best word fills up before it comes."""
    costs = [growth for growth, _ in offers] + [_cost(lot[0], 1)] * 2
    return costs[1] - costs[0]


def _merge(words: list[_Word], fits: Fits) -> list[_Word]:
    """Join words, the pair that saves most first."""
    facts = [(_groups(word), _size(word)) for word in words]
    refused: set[tuple[int, ...]] = set()
    while True:
        best, pair = 0, None
        for i, (a, n) in enumerate(facts):
            if n == LINES:
                continue
            for j in range(i):
                b, k = facts[j]
                if n + k > LINES or not a & b:
                    continue
                gain = _cost(a, n) + _cost(b, k) - _cost(a | b, n + k)
                if gain > best and (*_key(words[i]), *_key(words[j])) not in refused:
                    best, pair = gain, (j, i)
        if pair is None:
            return words
        j, i = pair
        joined = words[j] + words[i]
        if _all_fit(_groups(joined), [line for _, lines in joined for line in lines], fits):
            words[j], facts[j] = joined, (_groups(joined), _size(joined))
            del words[i], facts[i]
        else:
            refused.add((*_key(words[i]), *_key(words[j])))


def _key(word: _Word) -> tuple[int, int]:
    return min(lines[0] for _, lines in word), _size(word)
