import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { locustOptions, locustVariables } from "../../settings/locust-names";
import { testPython } from "../support/python";

/** Every variable that Locust's own code names, and every option of its parser. */
const program = `
import json, pathlib, re, locust
from locust import argument_parser
parser = argument_parser.get_empty_argument_parser(default_config_files=())
argument_parser.setup_parser_arguments(parser)
text = "".join(file.read_text() for file in pathlib.Path(locust.__file__).parent.rglob("*.py"))
print(json.dumps({
    "options": sorted({option.lstrip("-") for action in parser._actions for option in action.option_strings}
        | {action.dest.replace("_", "-") for action in parser._actions}),
    "variables": sorted(set(re.findall(r"\\bLOCUST_[A-Z0-9_]+", text))),
}))
`;

describe("Locust's own names", function () {
  this.timeout(180_000);

  it("are those of its parser and its source", async () => {
    const output = execFileSync(await testPython(), ["-P", "-c", program], { encoding: "utf8" });
    const { options, variables } = JSON.parse(output) as { options: string[]; variables: string[] };
    expect([...locustOptions].sort()).to.deep.equal(options);
    const states = /^LOCUST_STATE_(RUNNING|STOPPING|WAITING)$/;
    expect([...locustVariables].sort()).to.deep.equal(variables.filter((name) => !states.test(name)));
  });
});
