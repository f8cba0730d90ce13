/** Looked into at many depths. */
type Any = ReturnType<typeof JSON.parse>;

/** Volumes that the restricted level allows. */
const VOLUMES = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
];

/** What a pod's spec has that Pod Security's restricted level forbids, in its own order (Pod Security Standards). */
export function broken(spec: Any): string[] {
  const host = ["hostNetwork", "hostPID", "hostIPC"].filter((name) => spec[name]);
  const volumes = (spec.volumes ?? [])
    .filter((volume: Any) => !Object.keys(volume).some((key) => VOLUMES.includes(key)))
    .map(({ name }: Any) => `volume ${name}`);
  const containers: Any[] = [...spec.containers, ...(spec.initContainers ?? [])];
  return [...host, ...volumes, ...containers.flatMap((container) => brokenBy(container, spec.securityContext ?? {}))];
}

function brokenBy(container: Any, pod: Any): string[] {
  const own = container.securityContext ?? {};
  const { drop = [], add = [] } = own.capabilities ?? {};
  const rules: Record<string, boolean> = {
    hostPort: (container.ports ?? []).every(({ hostPort }: Any) => !hostPort),
    privileged: own.privileged !== true,
    allowPrivilegeEscalation: own.allowPrivilegeEscalation === false,
    runAsNonRoot: (own.runAsNonRoot ?? pod.runAsNonRoot) === true && (own.runAsUser ?? pod.runAsUser) !== 0,
    seccompProfile: ["RuntimeDefault", "Localhost"].includes((own.seccompProfile ?? pod.seccompProfile)?.type),
    capabilities: drop.includes("ALL") && add.every((name: string) => name === "NET_BIND_SERVICE"),
  };
  return Object.entries(rules)
    .filter(([, holds]) => !holds)
    .map(([name]) => `${container.name}: ${name}`);
}
