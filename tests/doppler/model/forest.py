"""Trees that grow, move and fold, beside what an outline makes of them."""

from __future__ import annotations

from cosmo_doppler.model.outline import Outline, Placed


class Item(Placed):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.parent = None
        self.children = []


class Forest:
    """The same forest as plain lists, to compare with."""

    def __init__(self):
        self.outline = Outline()
        self.roots = []
        self.items = []

    def siblings(self, parent):
        return self.roots if parent is None else parent.children

    def branch(self, item):
        return [item, *(below for child in item.children for below in self.branch(child))]

    def lines(self):
        return [item for root in self.roots for item in self.branch(root)]

    def check(self):
        lines = self.lines()
        assert len(self.outline) == len(lines)
        assert [self.outline.at(line) for line in range(len(lines))] == lines
        assert [self.outline.line(item) for item in lines] == list(range(len(lines)))
        for item in lines:
            assert self.outline.last(item) == self.outline.line(item) + len(self.branch(item))

    def pick(self, number):
        lines = self.lines()
        return lines[number % len(lines)] if lines else None


def change(forest, what, number, one, other):
    outline, item, target = forest.outline, Item(number), forest.pick(one)
    if what == "first":
        outline.add_first(item)
        forest.roots.insert(0, item)
    elif what in {"add", "root"} or target is None:
        parent = target if what == "add" else None
        outline.add(item, parent)
        item.parent = parent
        forest.siblings(parent).append(item)
    elif what == "before":
        outline.add_before(item, target)
        item.parent = target.parent
        siblings = forest.siblings(target.parent)
        siblings.insert(siblings.index(target), item)
    elif what == "remove":
        outline.remove(target)
        forest.siblings(target.parent).remove(target)
    else:
        move(forest, target, forest.pick(other), before=bool(other % 2))


def move(forest, item, target, *, before):
    if target in forest.branch(item):
        return
    forest.siblings(item.parent).remove(item)
    if before:
        forest.outline.move(item, target.parent, target)
        siblings = forest.siblings(target.parent)
        siblings.insert(siblings.index(target), item)
        item.parent = target.parent
    else:
        forest.outline.move(item, target)
        target.children.append(item)
        item.parent = target
