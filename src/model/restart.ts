/**
 * Restart policies. systemd is the only one who restarts (Restart= of the unit); this module says how a
 * policy reads as unit keys, and whether one more failure uses up `on-failure:N`.
 */
import type { RestartPolicy, RestartPolicyName } from './config.ts';
import { BerthError } from './errors.ts';

const ALIASES: ReadonlyMap<string, RestartPolicyName> = new Map([
  ['', 'no'],
  ['no', 'no'],
  ['never', 'no'],
  ['always', 'always'],
  ['on-failure', 'on-failure'],
  ['unless-stopped', 'unless-stopped'],
]);

/** `on-failure:3` → policy; podman-create(1), --restart. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [word = '', retries, ...rest] = text.split(':');
  const name = ALIASES.get(word);
  const fail = (why: string): never => {
    throw new BerthError('invalid', `${why}: use no, always, on-failure[:max-retries] or unless-stopped`);
  };
  if (rest.length > 0) return fail('invalid restart policy: may specify retries at most once');
  if (name === undefined)
    return fail(`${JSON.stringify(word)} is not a valid restart policy: invalid argument`);
  if (retries === undefined) return { name, maximumRetryCount: 0 };
  if (name !== 'on-failure')
    return fail('restart policy retries can only be specified with on-failure restart policy');
  if (/^-\d+$/.test(retries))
    return fail('must specify restart policy retry count as a number greater than 0');
  if (!/^\d{1,9}$/.test(retries)) {
    const why = /^\d+$/.test(retries) ? 'value out of range' : 'invalid syntax';
    return fail(
      `parsing restart policy retry count: strconv.Atoi: parsing ${JSON.stringify(retries)}: ${why}`,
    );
  }
  return { name, maximumRetryCount: Number(retries) };
}

/** The policy as a person would write it. */
export function formatRestartPolicy(policy: RestartPolicy): string {
  return policy.maximumRetryCount > 0 ? `${policy.name}:${policy.maximumRetryCount}` : policy.name;
}

/** Has the policy no restart left, when systemd already counts `restarts` of them? */
export function retriesExhausted(policy: RestartPolicy, restarts: number): boolean {
  return policy.name === 'on-failure' && policy.maximumRetryCount > 0 && restarts >= policy.maximumRetryCount;
}

/** Will systemd restart the unit, whose cleanup ends with `exitCode`, by the policy's Restart=? Not after a stop. */
export function willRestart(
  { stopRequested }: { stopRequested: boolean },
  { name }: RestartPolicy,
  exitCode: number,
): boolean {
  if (name === 'no' || stopRequested) return false;
  return name !== 'on-failure' || exitCode !== 0;
}
