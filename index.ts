import { readConfig, stopOn } from "./settings/pulumi-config";
import { checkScript } from "./settings/script";

const settings = readConfig();
stopOn(checkScript(settings, __dirname));

/** The load that the settings ask for. */
export const load = {
  users: settings.users,
  spawnRate: settings.spawnRate,
  runTime: settings.runTime,
  script: settings.script,
};
