/**
 * EKS versions in standard support, newest first, and the day on which that support ends (UTC). From then on the
 * control plane costs six times as much. Source: "Kubernetes versions" in the EKS user guide.
 */
export const kubernetesVersions = {
  "1.36": "2027-08-02",
  "1.35": "2027-03-27",
  "1.34": "2026-12-02",
} as const;

/** A version of Kubernetes that a new cluster may have. */
export type KubernetesVersion = keyof typeof kubernetesVersions;

/** All of them, for a schema. */
export const kubernetesVersionNames = Object.keys(kubernetesVersions) as [KubernetesVersion];

/** What `kubernetesVersion` takes, to be read after "must be". */
export const kubernetesVersionAllowed = `one of EKS's versions in standard support: ${Object.entries(kubernetesVersions)
  .map(([version, end]) => `"${version}" (until ${end})`)
  .join(", ")}`;
