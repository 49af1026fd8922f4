import { SettingsError, type SettingsProblem } from "../../settings/errors";
import { parseSettings } from "../../settings/parse";

/** The SettingsError that some work ends with; throws where it ends well, or otherwise. */
export function settingsErrorOf(work: () => unknown): SettingsError {
  try {
    work();
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error("These settings are right.");
}

/** What is wrong with some settings; throws where nothing is. */
export function problemsOf(raw: Readonly<Record<string, unknown>>): readonly SettingsProblem[] {
  return settingsErrorOf(() => parseSettings(raw, "test")).problems;
}
