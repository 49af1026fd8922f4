"""Who gets which rows, by the ledger alone."""

import random
import unittest

from loadtest.ledger import MOST, Block, Ledger


def places(block: Block) -> range:
    return range(block.first, block.first + block.count)


class LedgerTest(unittest.TestCase):
    def test_nothing_is_given_twice_and_nothing_is_left_whatever_workers_do(self) -> None:
        for seed in range(200):
            made = random.Random(seed)
            total = made.choice((1, 2, 10, 100, 3000))
            ledger = Ledger(total, again=False)
            stock: dict[str, list[int]] = {name: [] for name in "abcd"}
            question = dict.fromkeys(stock, 0)
            used: list[int] = []
            lost: list[int] = []
            while True:
                name = made.choice(list(stock))
                have = stock[name]
                if have and made.random() < 0.1:
                    ledger.back(name, question[name], have[0], len(have))
                    ledger.back(name, question[name], have[0], len(have))  # the message came twice
                    have.clear()
                elif have and len(stock) > 1 and made.random() < 0.02:
                    self.assertGreaterEqual(ledger.holders()[name], len(have))
                    lost += stock.pop(name)
                elif have:
                    used.append(have.pop(0))
                else:
                    question[name] += 1
                    block = ledger.ask(name, question[name], made.choice((1, 3, 50, 9999)), len(stock))
                    if block is None and not any(stock.values()):
                        break
                    if block is None:
                        # They are asked to give back what they have.
                        for holder in set(ledger.holders()) & set(stock):
                            have = stock[holder]
                            ledger.back(holder, question[holder], have[0] if have else 0, len(have))
                            have.clear()
                    elif made.random() < 0.2:
                        self.assertEqual(
                            ledger.ask(name, question[name], 1, len(stock)), block, "it was lost on the way"
                        )
                        stock[name] = list(places(block))
                    else:
                        stock[name] = list(places(block))
            self.assertEqual(sorted(used + lost), list(range(total)), f"seed {seed}")

    def test_blocks_are_smaller_the_less_is_left(self) -> None:
        ledger = Ledger(10_000, again=False)
        sizes = []
        question = 0
        while (block := ledger.ask(f"worker-{question % 4}", question, 400, workers=4)) is not None:
            sizes.append(block.count)
            question += 1
        self.assertEqual(sizes[:10], [400] * 10)
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        self.assertEqual(sizes[-1], 1)
        self.assertLess(len(sizes), 100)
        self.assertEqual(sum(sizes), 10_000)

    def test_one_that_begins_again_never_ends(self) -> None:
        ledger = Ledger(3, again=True)
        self.assertIsNone(ledger.remaining)
        first = ledger.ask("a", 1, 10_000, workers=1)
        self.assertEqual(first, Block(0, MOST))
        self.assertEqual(ledger.ask("b", 1, 2, workers=2), Block(MOST, 2))

    def test_what_nobody_has_cannot_come_back(self) -> None:
        ledger = Ledger(10, again=False)
        ledger.ask("a", 1, 4, workers=1)
        for first, count in ((0, 3), (2, 3), (9, 1), (0, 5)):
            ledger.back("b", 1, first, count)
            ledger.back("a", 0, first, count)
        self.assertEqual(ledger.remaining, 6)
        self.assertEqual(ledger.holders(), {"a": 4})
        ledger.back("a", 1, 1, 3)
        self.assertEqual(ledger.remaining, 9)
        self.assertEqual(ledger.holders(), {})
        self.assertEqual(ledger.ask("b", 1, 9, workers=1), Block(1, 3))


if __name__ == "__main__":
    unittest.main()
