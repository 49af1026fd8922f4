/** Makes `docs/acceptance.md` of the record of an acceptance test. */
import { type Acceptance, hasPassed, type Trial } from "./record";

const head = `<!-- Made by \`npm run acceptance:aws\`. -->
# Acceptance on AWS
`;

const about = `
\`npm run acceptance:aws -- --yes\` takes \`single-az\` and then \`dev\` from nothing to nothing in an account: doctor, preview,
up, a run with thresholds, 2 → 8 → 2 workers, another script, a changed script, Locust's web UI through its forwarded
port, destroy, and a look for what is left. It writes this page. Without \`--yes\` it says what it would make and cost.
`;

/** @param acceptance undefined where there was none */
export function acceptancePage(acceptance: Acceptance | undefined): string {
  if (acceptance === undefined) return `${head}\n**Not run on AWS so far.**\n${about}`;
  const { startedAt, endedAt, region, version, standIn, interrupted, trials } = acceptance;
  const where = standIn === null ? "on AWS" : `**not on AWS**, but on stand-ins (${standIn})`;
  const end = interrupted
    ? "It was interrupted."
    : hasPassed(acceptance)
      ? "All of it passed."
      : "**Not all of it passed.**";
  return [
    head,
    `Run ${where}, in ${region}, from ${startedAt} to ${endedAt}, with version ${version}. ${end}`,
    about.trim(),
    "",
    ...trials.map(section),
  ].join("\n");
}

function section({ stack, steps, costUsd, leftovers }: Trial): string {
  const minutes = (steps.reduce((sum, { seconds }) => sum + seconds, 0) / 60).toFixed(1);
  return [
    `## ${stack}`,
    "",
    `${minutes} minutes, ${costUsd === null ? "at a cost that is not known" : `about $${costUsd.toFixed(2)} without traffic`}.`,
    "",
    "| step | seconds | | what came out |",
    "| --- | --: | --- | --- |",
    ...steps.map(({ name, seconds, passed, result }) => {
      const cells = [name, seconds.toFixed(1), passed ? "passed" : "**failed**", result.replaceAll("|", "\\|")];
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    ...(leftovers.length === 0 ? ["Nothing was left."] : ["Left:", "", ...leftovers.map((arn) => `- \`${arn}\``)]),
    "",
  ].join("\n");
}
