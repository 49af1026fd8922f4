/** A script whose task asks for `/NAME/ID` with each row's id, where `name` is its own: what a target then knows of it. */
const script = (name: string, how: string, wait = "constant(0.05)", task = "self.visit(next(users))") => `
from locust import FastHttpUser, constant, task
from loadtest_data import rows

users = rows(${how})


class Visitor(FastHttpUser):
    wait_time = ${wait}

    def visit(self, row):
        self.client.get(f"/${name}/{row['id']}", name="/")

    @task
    def work(self):
        ${task}
`;

/** Rows with these many ids, from 0. */
export const csv = (count: number) =>
  `id,name\n${Array.from({ length: count }, (_, id) => `${id},"user, ${id}"\n`).join("")}`;
const jsonLines = Array.from({ length: 90 }, (_, id) => `{"id": ${id}}\n`).join("");

/** Scripts and the files of their rows, by name. */
export const scripts: Readonly<Record<string, string>> = {
  "users.csv": csv(400),
  "few.jsonl": jsonLines,
  "many.csv": csv(50_000),
  "wrong.csv": "id,name\n1,ada\n2\n",
  "once.py": script("once", '"users.csv"'),
  "open_load.py": script("open_load", '"users.csv"', "constant(99)"),
  "users_leave.py": script("users_leave", '"few.jsonl", exhausted="stop-user"'),
  "again.py": script("again", '"few.jsonl", exhausted="restart"', "constant(0)"),
  "mixed.py": script("mixed", '"few.jsonl", shuffle=7', "constant(0)"),
  "mixed_too.py": script("mixed_too", '"few.jsonl", shuffle=7', "constant(0)"),
  "mixed_else.py": script("mixed_else", '"few.jsonl", shuffle=8, exhausted="restart"', "constant(0)"),
  // Each user takes one row, and keeps it: no worker may keep one that another's user waits for.
  "one_each.py": script(
    "one_each",
    '"few.jsonl", exhausted="stop-user"',
    "constant(1)",
    "self.visit(self.row)",
  ).replace("    def visit", "    def on_start(self):\n        self.row = next(users)\n\n    def visit"),
  "killed.py": script("killed", '"many.csv"'),
  "left.py": script("left", '"users.csv"', "constant(0.2)"),
  "edited.csv": csv(5000),
  "edited.py": script("edited", '"edited.csv"'),
  "missing.py": script("missing", '"none.csv"'),
  "wrong.py": script("wrong", '"wrong.csv"'),
  "late.py": script("late", '"users.csv"').replace("next(users)", 'next(rows("users.csv"))'),
  "odd.py": script("odd", '"users.csv", exhausted="never"'),
  // Another file in each worker than in the master.
  "differs.py": `import os, sys, tempfile
if "--worker" in sys.argv:
    os.chdir(tempfile.mkdtemp())
    open("differs.csv", "w").write("id\\n1\\n")
${script("differs", '"differs.csv"')}`,
  "differs.csv": csv(3),
  "own_module.py": "from loadtest_data.lib import hello\n\nraise SystemExit(hello)\n",
};
