/** Which options of each tool take a value. Names that are in no table are read generically, so a later version's do not break anything. */
import { extend, type OptionTable, table } from './options.ts';

/** `docker build`, `docker buildx build` (0.4 to 0.36) and the classic builder. */
export const BUILD: OptionTable = table(
  `add-host allow annotation attest build-arg build-context builder cache-from cache-to call cgroup-parent cpu-period cpu-quota
   cpu-shares cpuset-cpus cpuset-mems device file iidfile invoke isolation label memory memory-swap metadata-file network
   no-cache-filter output platform policy print progress provenance root sbom secret security-opt server-config shm-size ssh
   source-policy-file tag target ulimit`,
  `check compress debug detach disable-content-trust force-rm load no-cache pull push quiet rm squash stream help`,
  'f=file t=tag o=output m=memory c=cpu-shares q=quiet D=debug h=help',
);

/** `podman build`, `buildah build`. */
export const BUILDAH: OptionTable = extend(
  BUILD,
  table(
    `arch authfile build-arg-file cache-ttl cap-add cap-drop cert-dir cgroupns cpp-flag creds cw decryption-key dns dns-option
     dns-search env format from group-add hooks-dir ignorefile inherit-annotations ipc jobs layer-label logfile manifest os
     os-feature os-version pid retry retry-delay rewrite-timestamp runtime runtime-flag sbom-image-output sbom-image-purl-output
     sbom-merge-strategy sbom-output sbom-purl-output sbom-scanner-command sbom-scanner-image sign-by signature-policy
     source-date-epoch timestamp unsetannotation unsetenv unsetlabel userns userns-gid-map userns-gid-map-group userns-uid-map
     userns-uid-map-user uts variant volume`,
    `all-platforms created-annotation http-proxy identity-label inherit-labels layers logsplit no-hostname no-hosts omit-history
     pull pull-always pull-never rusage save-stages skip-unused-stages squash-all stdin tls-verify compat-volumes`,
    'v=volume e=env',
  ),
);

/** Options of `docker` itself, before the sub-command; those of podman, nerdctl and buildctl as well. */
export const GLOBAL: OptionTable = table(
  `config context host log-level tlscacert tlscert tlskey builder url identity connection root runroot storage-driver
   storage-opt log-opt cgroup-manager conmon events-backend hooks-dir module network-cmd-path network-config-dir out runtime
   runtime-flag ssh tmpdir volumepath namespace address snapshotter cni-path cni-netconfpath data-root hosts-dir addr
   tlsservername registries-conf registries-conf-dir short-name-alias-conf userns-uid-map userns-gid-map`,
  'debug tls tlsverify version help remote noout syslog trace debug-full insecure-registry experimental kube-hide-dupe',
  'c=context H=host l=log-level D=debug v=version r=remote a=address n=namespace',
);

export const BAKE: OptionTable = table(
  `allow builder call file list metadata-file progress provenance sbom set var`,
  `check debug load no-cache print pull push help`,
  'f=file D=debug',
);

/** Options of `docker compose` before its sub-command. */
export const COMPOSE: OptionTable = table(
  `ansi env-file file parallel profile progress project-directory project-name workdir host context tlscacert tlscert tlskey log-level`,
  `all-resources compatibility dry-run verbose version help no-ansi skip-hostname-check tls tlsverify`,
  'f=file p=project-name H=host c=context l=log-level v=version',
);

export const COMPOSE_BUILD: OptionTable = table(
  `build-arg builder memory progress ssh provenance sbom`,
  `check compress force-rm no-cache no-rm parallel print pull push quiet with-dependencies help`,
  'm=memory q=quiet',
);

/** `up`, `create`, `run`, `watch`: only what concerns a build matters. */
export const COMPOSE_UP: OptionTable = table(
  `attach exit-code-from no-attach pull scale timeout wait-timeout progress env env-from-file label name publish user volume workdir
   cap-add cap-drop entrypoint`,
  `abort-on-container-exit abort-on-container-failure always-recreate-deps attach-dependencies build detach force-recreate menu
   no-build no-color no-deps no-log-prefix no-recreate no-start quiet-build quiet-pull quiet remove-orphans renew-anon-volumes
   timestamps wait watch yes interactive no-TTY rm service-ports use-aliases prune no-up`,
  'd=detach t=timeout V=renew-anon-volumes w=watch y=yes e=env l=label p=publish u=user v=volume i=interactive T=no-TTY q=quiet',
);

export const BUILDCTL: OptionTable = table(
  `output progress trace local oci-layout frontend opt allow import-cache export-cache export-cache-opt frontend-opt secret ssh
   metadata-file source-policy-file ref-file registry-auth-tlscontext debug-json-cache-metrics exporter exporter-opt
   build-arg build-context`,
  'no-cache debug help',
  'o=output',
);

/** `/kaniko/executor`. */
export const KANIKO: OptionTable = table(
  `annotation build-arg cache-dir cache-repo cache-ttl compression compression-level context context-sub-path customPlatform
   custom-platform destination digest-file dockerfile git ignore-path image-fs-extract-retry image-name-tag-with-digest-file
   image-name-with-digest-file kaniko-dir label log-format materialize oci-layout-path push-retry push-ignore-immutable-tag-errors
   registry-certificate registry-client-cert registry-map registry-mirror skip-push-permission-check skip-tls-verify-registry
   snapshotMode snapshot-mode tar-path tarPath target use-new-run verbosity credential-helpers secret`,
  `bump cache cache-copy-layers cache-run-layers cleanup compressed-caching force image-download-retry insecure insecure-pull
   no-push no-push-cache log-timestamp preserve-context reproducible single-snapshot skip-default-registry-fallback
   skip-tls-verify skip-tls-verify-pull skip-unused-stages whitelist-var-run ignore-var-run help`,
  'c=context d=destination f=dockerfile v=verbosity b=bucket',
);
