"""Files of rows: what is read, in which order, and what is wrong with some."""

import os
import random
import tempfile
import unittest
from pathlib import Path
from typing import Any

from loadtest.rows import RowFile, order_of, spans


class RowsTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, content: str | bytes, name: str = "users.csv") -> RowFile:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        file = RowFile(name, path)
        self.addCleanup(file._file.close)
        return file

    def rows(self, content: str | bytes, name: str = "users.csv", seed: int | None = None) -> list[dict[str, Any]]:
        file = self.file(content, name)
        starts = file.index()
        where = spans(starts, order_of(len(starts) - 1, seed), 0, len(starts) - 1)
        return [row for start, end in where for row in file.read(start, end)]

    def test_csv(self) -> None:
        text = '\ufeffname,note\r\nada,"likes ""gin"", rum"\r\n\r\nböb,"two\nlines"\r\nlast,'
        expected = [
            {"name": "ada", "note": 'likes "gin", rum'},
            {"name": "böb", "note": "two\nlines"},
            {"name": "last", "note": ""},
        ]
        self.assertEqual(self.rows(text), expected)
        # A field of the line of names may have several lines, too.
        self.assertEqual(self.rows('"a\nb",c\n1,2\n'), [{"a\nb": "1", "c": "2"}])

    def test_fields_may_be_long(self) -> None:
        long = "x" * 500_000
        self.assertEqual(self.rows(f"name,note\nada,{long}\n"), [{"name": "ada", "note": long}])

    def test_json_lines(self) -> None:
        text = '\ufeff{"id": 1, "tags": ["a\\n"]}\n\n  {"id": 2}\r\n{"id": 3}'
        for name in ("users.jsonl", "users.ndjson", "USERS.JSONL"):
            self.assertEqual(self.rows(text, name), [{"id": 1, "tags": ["a\n"]}, {"id": 2}, {"id": 3}])

    def test_any_row_is_read_by_its_bytes(self) -> None:
        made = random.Random(1)
        names = [f"field {number}" for number in range(3)]
        signs = 'aü"\n,; \r\u2028'
        for _ in range(50):
            expected = [
                {name: "".join(made.choices(signs, k=made.randint(0, 6))) for name in names}
                for _ in range(made.randint(1, 20))
            ]
            quoted = [",".join('"' + value.replace('"', '""') + '"' for value in row.values()) for row in expected]
            file = self.file("\n".join([",".join(names), *quoted, ""]))
            starts = file.index()
            self.assertEqual(len(starts), len(expected) + 1)
            for _ in range(10):
                first, last = sorted(made.sample(range(len(starts)), 2))
                self.assertEqual(file.read(starts[first], starts[last]), expected[first:last])

    def test_shuffled_is_every_row_once_in_the_same_order_for_a_seed(self) -> None:
        text = "id\n" + "".join(f"{number}\n" for number in range(300))
        plain, one, same, other = (self.rows(text, seed=seed) for seed in (None, 7, 7, 8))
        self.assertEqual(one, same)
        self.assertNotEqual(one, plain)
        self.assertNotEqual(one, other)
        self.assertEqual(sorted(row["id"] for row in one), sorted(row["id"] for row in plain))

    def test_the_order_goes_on_at_its_beginning(self) -> None:
        starts = self.file("id\n0\n1\n2\n").index()
        self.assertEqual(spans(starts, None, 2, 5), [(7, 9), (3, 9), (3, 5)])
        self.assertEqual(len(spans(starts, order_of(3, 1), 5, 4)), 4)

    def test_what_is_wrong_is_said_with_its_line(self) -> None:
        deep = self.folder / "folder.csv"
        deep.mkdir()
        for content, name, problem in (
            ("", "users.csv", "users.csv begins without names"),
            ("\nada\n", "users.csv", "users.csv begins without names"),
            ("name\n", "users.csv", "users.csv has no rows"),
            ("name\n\n\n", "users.csv", "users.csv has no rows"),
            ("", "users.jsonl", "users.jsonl has no rows"),
            ("name,,age\n1,2,3\n", "users.csv", "users.csv, line 1: each field needs a name of its own, not ''"),
            ("a,b,a\n1,2,3\n", "users.csv", "users.csv, line 1: each field needs a name of its own, not 'a'"),
            ('a,b\n1,"2\n2"\n3\n', "users.csv", "users.csv, line 4: the number of fields is 1, not 2"),
            ("a,b\n1,2,3\n", "users.csv", "users.csv, line 2: the number of fields is 3, not 2"),
            ('a,b\n1,2\n1,"2\n3,4\n', "users.csv", "users.csv, line 3: unexpected end of data"),
            ('a,b\n1,"2"x\n', "users.csv", "users.csv, line 2: ',' expected after '\"'"),
            (b"a\n1\n\xff\n", "users.csv", "users.csv: what is at byte 4 to 6 is no UTF-8"),
            ('{"a": 1}\n{"a": \n', "users.jsonl", "users.jsonl, line 2: no JSON: Expecting value"),
            ('{"a": 1}\n\n[1]\n', "users.ndjson", "users.ndjson, line 3: a row is an object: {…}"),
            ('{"a": NaN}\n', "users.jsonl", "users.jsonl, line 1: NaN is no number in JSON"),
            ('{"a": [-Infinity]}\n', "users.jsonl", "users.jsonl, line 1: -Infinity is no number in JSON"),
            (
                '{"a": {"b": 1, "b": 2}}\n',
                "users.jsonl",
                "users.jsonl, line 1: each value needs a name of its own, not 'b'",
            ),
            (
                '{"a": ' + "[" * 100_000 + "\n",
                "users.jsonl",
                "users.jsonl, line 1: lists and objects are nested too deeply",
            ),
            ("a\n1\n", "users.txt", "users.txt: rows are read from .csv, .jsonl, .ndjson"),
        ):
            with self.assertRaises(ValueError, msg=problem) as caught:
                self.rows(content, name)
            self.assertTrue(str(caught.exception).startswith(problem), f"{caught.exception} is not {problem}")
        for name, problem in (
            ("none.csv", "none.csv: there is no such file in the scripts' folder"),
            ("folder.csv", "folder.csv: Is a directory"),
        ):
            with self.assertRaisesRegex(ValueError, problem):
                RowFile(name, self.folder / name)

    def test_another_file_in_its_place_changes_nothing(self) -> None:
        file = self.file("id\n1\n2\n")
        starts = file.index()
        (self.folder / "users.csv").unlink()
        self.file("id\n8\n9\n")
        self.assertEqual(file.read(starts[0], starts[2]), [{"id": "1"}, {"id": "2"}])

    def test_what_is_written_into_it_is_noticed(self) -> None:
        file = self.file("id\n1\n2\n")
        starts = file.index()
        path = self.folder / "users.csv"
        path.touch()
        path.chmod(0o600)
        self.assertEqual(file.read(starts[0], starts[1]), [{"id": "1"}])
        times = path.stat()
        path.write_text("id\n3\n4\n")
        # Whoever sets its times back is found out by `ctime`.
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        for read in (lambda: file.read(starts[0], starts[1]), file.index):
            with self.assertRaisesRegex(ValueError, "^users.csv was changed while it was in use$"):
                read()

    def test_anew_is_the_same_unless_it_has_changed(self) -> None:
        file = self.file("id\n1\n2\n")
        self.assertIs(file.anew(), file)
        (self.folder / "users.csv").write_text("id\n30\n")
        other = file.anew()
        self.addCleanup(other.close)
        starts = other.index()
        self.assertEqual(other.read(starts[0], starts[1]), [{"id": "30"}])
        self.assertNotEqual(other.digest, file.digest)
        (self.folder / "users.csv").unlink()
        with self.assertRaisesRegex(ValueError, "no such file"):
            file.anew()


if __name__ == "__main__":
    unittest.main()
