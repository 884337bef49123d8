/** Every command, and where its file is. A file is loaded only when its command is called. */
import type { Command } from './command.ts';

interface Entry {
  summary: string;
  load: () => Promise<{ command: Command }>;
}

export const COMMANDS: Record<string, Entry> = {
  attach: {
    summary: 'Connect with the streams of a running container',
    load: () => import('./commands/attach.ts'),
  },
  commit: { summary: 'Make an image of a container', load: () => import('./commands/commit.ts') },
  create: {
    summary: 'Create a container and its unit, without starting it',
    load: () => import('./commands/create.ts'),
  },
  events: { summary: 'Show what happens, as it happens', load: () => import('./commands/events.ts') },
  cp: {
    summary: 'Copy files between a container and the host',
    load: () => import('./commands/cp.ts'),
  },
  diff: { summary: 'Show what a container has changed', load: () => import('./commands/diff.ts') },
  exec: { summary: 'Run a command in a running container', load: () => import('./commands/exec.ts') },
  export: { summary: "Write a container's files as a tar", load: () => import('./commands/export.ts') },
  history: { summary: 'Show the steps that made an image', load: () => import('./commands/history.ts') },
  'healthcheck run': {
    summary: "Run a container's health check once",
    load: () => import('./commands/healthcheck-run.ts'),
  },
  images: { summary: 'List images', load: () => import('./commands/images.ts') },
  import: {
    summary: 'Make an image of a tar of a root file system',
    load: () => import('./commands/import.ts'),
  },
  info: { summary: 'Show what Berth finds on this host', load: () => import('./commands/info.ts') },
  init: {
    summary: 'Create containers in the runtime, without starting their commands',
    load: () => import('./commands/init.ts'),
  },
  inspect: {
    summary: 'Show everything about containers, images, volumes or networks, as JSON',
    load: () => import('./commands/inspect.ts'),
  },
  kill: { summary: 'Send a signal to containers', load: () => import('./commands/kill.ts') },
  load: { summary: 'Load images from an archive', load: () => import('./commands/load.ts') },
  logs: { summary: 'Show the output of a container', load: () => import('./commands/logs.ts') },
  mount: {
    summary: 'Mount the root file systems of containers, or list what is mounted',
    load: () => import('./commands/mount.ts'),
  },
  'network connect': {
    summary: 'Put a container into one more network',
    load: () => import('./commands/network-connect.ts'),
  },
  'network create': { summary: 'Define a network', load: () => import('./commands/network-create.ts') },
  'network disconnect': {
    summary: 'Take a container out of a network',
    load: () => import('./commands/network-disconnect.ts'),
  },
  'network exists': {
    summary: 'Say by the exit code whether there is such a network',
    load: () => import('./commands/network-exists.ts'),
  },
  'network inspect': {
    summary: 'Show everything about networks, as JSON',
    load: () => import('./commands/network-inspect.ts'),
  },
  'network ls': { summary: 'List networks', load: () => import('./commands/network-ls.ts') },
  'network prune': {
    summary: 'Remove the networks that no container uses',
    load: () => import('./commands/network-prune.ts'),
  },
  'network reload': {
    summary: "Make containers' interfaces and firewall rules anew",
    load: () => import('./commands/network-reload.ts'),
  },
  'network rm': { summary: 'Remove networks', load: () => import('./commands/network-rm.ts') },
  'network update': {
    summary: 'Change the name servers of a network',
    load: () => import('./commands/network-update.ts'),
  },
  pause: {
    summary: 'Stop everything in containers until unpause',
    load: () => import('./commands/pause.ts'),
  },
  port: { summary: 'Show published ports', load: () => import('./commands/port.ts') },
  pull: { summary: 'Pull images from registries', load: () => import('./commands/pull.ts') },
  ps: { summary: 'List containers', load: () => import('./commands/ps.ts') },
  rename: { summary: 'Give a container another name', load: () => import('./commands/rename.ts') },
  restart: { summary: 'Restart containers through their units', load: () => import('./commands/restart.ts') },
  rm: { summary: 'Remove containers with their units', load: () => import('./commands/rm.ts') },
  rmi: { summary: 'Remove images', load: () => import('./commands/rmi.ts') },
  run: { summary: 'Create a container and start it', load: () => import('./commands/run.ts') },
  'secret create': {
    summary: 'Store a secret',
    load: () => import('./commands/secret-create.ts'),
  },
  'secret exists': {
    summary: 'Say by the exit code whether there is such a secret',
    load: () => import('./commands/secret-exists.ts'),
  },
  'secret inspect': {
    summary: 'Show what is known of secrets, as JSON',
    load: () => import('./commands/secret-inspect.ts'),
  },
  'secret ls': { summary: 'List secrets', load: () => import('./commands/secret-ls.ts') },
  'secret rm': { summary: 'Remove secrets', load: () => import('./commands/secret-rm.ts') },
  save: { summary: 'Write images to an archive', load: () => import('./commands/save.ts') },
  start: { summary: 'Start containers through their units', load: () => import('./commands/start.ts') },
  stats: { summary: 'Show what containers use, again and again', load: () => import('./commands/stats.ts') },
  stop: { summary: 'Stop containers through their units', load: () => import('./commands/stop.ts') },
  tag: { summary: 'Give an image more names', load: () => import('./commands/tag.ts') },
  unmount: {
    summary: 'Unmount the root file systems of containers',
    load: () => import('./commands/unmount.ts'),
  },
  unpause: { summary: 'Let paused containers go on', load: () => import('./commands/unpause.ts') },
  untag: { summary: 'Take names from an image', load: () => import('./commands/untag.ts') },
  top: { summary: 'Show the processes of a container', load: () => import('./commands/top.ts') },
  update: { summary: 'Change a container', load: () => import('./commands/update.ts') },
  version: { summary: 'Show versions', load: () => import('./commands/version.ts') },
  wait: { summary: 'Wait until containers have ended', load: () => import('./commands/wait.ts') },
  'container exists': {
    summary: 'Say by the exit code whether there is such a container',
    load: () => import('./commands/container-exists.ts'),
  },
  'container inspect': {
    summary: 'Show everything about containers, as JSON',
    load: async () => ({ command: (await import('./commands/inspect.ts')).containerInspect }),
  },
  'container diff': {
    summary: 'Show what a container has changed',
    load: async () => ({ command: (await import('./commands/diff.ts')).containerDiff }),
  },
  'image diff': {
    summary: "Show what an image's top layer has changed",
    load: async () => ({ command: (await import('./commands/diff.ts')).imageDiff }),
  },
  'image exists': {
    summary: 'Say by the exit code whether there is such an image',
    load: () => import('./commands/image-exists.ts'),
  },
  'image inspect': {
    summary: 'Show everything about images, as JSON',
    load: async () => ({ command: (await import('./commands/inspect.ts')).imageInspect }),
  },
  'image mount': {
    summary: 'Mount images to look at their files, or list what is mounted',
    load: () => import('./commands/image-mount.ts'),
  },
  'image prune': {
    summary: 'Remove images that nobody uses',
    load: () => import('./commands/image-prune.ts'),
  },
  'image tree': { summary: 'Show the layers of an image', load: () => import('./commands/image-tree.ts') },
  'image unmount': { summary: 'Unmount images', load: () => import('./commands/image-unmount.ts') },
  'system df': { summary: 'Show the room that is taken', load: () => import('./commands/system-df.ts') },
  'container prune': {
    summary: 'Remove all containers that do not run',
    load: () => import('./commands/container-prune.ts'),
  },
  'container refresh': {
    summary: 'Take containers down and bring them back as they were',
    load: () => import('./commands/container-refresh.ts'),
  },
  'container sync': {
    summary: 'Bring records in line with what the kernel says',
    load: () => import('./commands/container-sync.ts'),
  },
  'system prune': { summary: 'Remove what is not used', load: () => import('./commands/system-prune.ts') },
  'system refresh': {
    summary: 'Bring all records in line, finish removals',
    load: () => import('./commands/system-refresh.ts'),
  },
  'container artifact add': {
    summary: 'Keep a file with a container',
    load: () => import('./commands/container-artifact-add.ts'),
  },
  'container artifact get': {
    summary: 'Write a kept file to standard output',
    load: () => import('./commands/container-artifact-get.ts'),
  },
  'container artifact ls': {
    summary: 'List the files kept with a container',
    load: () => import('./commands/container-artifact-ls.ts'),
  },
  'container artifact rm': {
    summary: 'Remove a kept file',
    load: () => import('./commands/container-artifact-rm.ts'),
  },
  'container cleanup': {
    summary: 'Clean up after containers that have ended',
    load: () => import('./commands/container-cleanup.ts'),
  },
  'volume create': { summary: 'Make a volume', load: () => import('./commands/volume-create.ts') },
  'volume exists': {
    summary: 'Say by the exit code whether there is such a volume',
    load: () => import('./commands/volume-exists.ts'),
  },
  'volume export': {
    summary: 'Write what is in a volume as a tar',
    load: () => import('./commands/volume-export.ts'),
  },
  'volume import': {
    summary: 'Unpack a tar into a volume',
    load: () => import('./commands/volume-import.ts'),
  },
  'volume inspect': {
    summary: 'Show everything about volumes, as JSON',
    load: () => import('./commands/volume-inspect.ts'),
  },
  'volume ls': { summary: 'List volumes', load: () => import('./commands/volume-ls.ts') },
  'volume mount': { summary: 'Mount a volume', load: () => import('./commands/volume-mount.ts') },
  'volume prune': {
    summary: 'Remove the volumes that no container uses',
    load: () => import('./commands/volume-prune.ts'),
  },
  'volume rm': { summary: 'Remove volumes', load: () => import('./commands/volume-rm.ts') },
  'volume unmount': { summary: 'Unmount a volume', load: () => import('./commands/volume-unmount.ts') },
};

/** Podman's second names for the same commands. */
const ALIASES: Record<string, string> = {
  list: 'ps',
  ls: 'ps',
  'container attach': 'attach',
  umount: 'unmount',
  'container commit': 'commit',
  'container cp': 'cp',
  'container create': 'create',
  'container export': 'export',
  'container exec': 'exec',
  'container init': 'init',
  'container kill': 'kill',
  'container list': 'ps',
  'container logs': 'logs',
  'container ls': 'ps',
  'container mount': 'mount',
  'container umount': 'unmount',
  'container unmount': 'unmount',
  'container pause': 'pause',
  'container port': 'port',
  'container ps': 'ps',
  'container rename': 'rename',
  'container restart': 'restart',
  'container rm': 'rm',
  'container run': 'run',
  'container start': 'start',
  'container stats': 'stats',
  'container stop': 'stop',
  'container unpause': 'unpause',
  'container wait': 'wait',
  'container top': 'top',
  'container update': 'update',
  'image history': 'history',
  'image import': 'import',
  'image list': 'images',
  'image load': 'load',
  'image ls': 'images',
  'secret list': 'secret ls',
  'image rm': 'rmi',
  'image save': 'save',
  'image tag': 'tag',
  'image umount': 'image unmount',
  'image untag': 'untag',
  'image pull': 'pull',
  'network list': 'network ls',
  'network remove': 'network rm',
  'system events': 'events',
  'system info': 'info',
  'volume list': 'volume ls',
  'volume remove': 'volume rm',
  'volume umount': 'volume unmount',
};

/** The command that an argument list begins with, the words it was called by, and what follows; undefined if it is none. */
export function findCommand(
  argv: readonly string[],
): { entry: Entry; path: string[]; rest: string[] } | undefined {
  for (const length of [3, 2, 1]) {
    const words = argv.slice(0, length).join(' ');
    const entry = COMMANDS[ALIASES[words] ?? words];
    if (entry !== undefined) return { entry, path: argv.slice(0, length), rest: argv.slice(length) };
  }
  return undefined;
}
