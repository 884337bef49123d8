/** The steps of the demo: what is typed, and what must come of it. */
import type { Machine } from './machine.ts';

type Type = (script: string) => Promise<{ code: number; output: string }>;

export interface DemoStep {
  title: string;
  /** True if it showed what it should, false if not; a text says why it was left out. */
  run(machine: Machine, type: Type): Promise<boolean | string>;
}

/** Commands that must all succeed; the output of the last one must match. */
function commands(scripts: readonly string[], expected: RegExp): DemoStep['run'] {
  return async (_machine, type) => {
    let last = '';
    for (const script of scripts) {
      const { code, output } = await type(script);
      if (code !== 0) return false;
      last = output;
    }
    return expected.test(last);
  };
}

/** Waits for a condition in the shell, as a person would, but not for ever. */
function until(condition: string): string {
  return `timeout 120 sh -c 'until ${condition}; do sleep 0.1; done'`;
}

export const STEPS: DemoStep[] = [
  {
    title: 'Load an image: the real Redis, made from Debian’s package',
    run: async ({ archive }, type) =>
      /Loaded image: localhost\/redis:latest/.test((await type(`berth load -i ${archive}`)).output),
  },
  {
    title: 'Create a container. This writes a unit file and starts nothing',
    run: commands(
      [
        'mkdir -p /srv/cache',
        "berth create --name cache --health-cmd 'redis-cli ping' --health-interval 2s --restart on-failure -v /srv/cache:/var/lib/redis redis",
        'systemctl cat berth-cache',
      ],
      /^Restart=on-failure$/m,
    ),
  },
  {
    title: 'Start it, now and at every boot. It is a service like any other',
    run: commands(
      ['systemctl enable --now berth-cache', 'systemctl status --no-pager --lines=0 berth-cache', 'berth ps'],
      /Up .* cache$/m,
    ),
  },
  { title: 'Use it', run: commands(['berth exec cache redis-cli set greeting hello'], /^OK$/m) },
  {
    title: 'Its health check runs by a timer of systemd and turns healthy',
    run: commands(
      [
        until('berth ps | grep -q "(healthy)"'),
        'systemctl list-timers --no-pager "berth-health@*"',
        'berth ps',
      ],
      /\(healthy\)/,
    ),
  },
  {
    title: 'Kill it. systemd restarts it, and what it knew is still there',
    run: commands(
      [
        `kill -9 $(berth inspect cache | sed -n 's/.*"Pid": \\([0-9]*\\).*/\\1/p')`,
        until('[ "$(systemctl show -P NRestarts berth-cache)" = 1 ] && systemctl -q is-active berth-cache'),
        'systemctl show -p ActiveState,NRestarts berth-cache',
        'berth exec cache redis-cli get greeting',
      ],
      /^hello$/m,
    ),
  },
  {
    title: 'Stop it. That is no failure, and systemd and Berth agree',
    run: commands(
      ['systemctl stop berth-cache', 'systemctl show -p ActiveState,Result berth-cache', 'berth ps -a'],
      /Exited \(0\) .* cache$/m,
    ),
  },
  {
    title: 'Reboot. It runs again by itself',
    async run(machine, type) {
      if (machine.reboot === undefined)
        return 'not here: reboot this machine yourself, then look at berth ps';
      console.log('   # reboot');
      await machine.reboot();
      return commands(
        [until('systemctl -q is-active berth-cache'), 'berth ps', 'berth exec cache redis-cli get greeting'],
        /^hello$/m,
      )(machine, type);
    },
  },
];
