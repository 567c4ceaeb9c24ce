import { after, describe, test } from 'node:test';
import { isFullScale, scaled } from '../service/load.js';
import { Service, type ServiceOptions } from '../service/service.js';
import type { Arena } from './arena.js';
import { crowds, logins, logouts } from './bodies.js';
import { cluster, contenders } from './contenders.js';

const SHORT = [
  { limit: 1, policy: 'end-oldest' },
  { limit: 3, policy: 'refuse' },
] as const;
const FULL = [...SHORT, { limit: 3, policy: 'end-oldest' }, { limit: 1, policy: 'refuse' }] as const;

for (const { name, processes, missing, prepare } of [...contenders, cluster]) {
  describe(`sessions of accounts, ${processes === 2 ? 'two processes' : 'one process'} with ${name}`, {
    skip: missing,
  }, async () => {
    const { store, remove } = await prepare();
    after(remove);

    for (const maxSessions of isFullScale ? FULL : SHORT) {
      const { limit, policy } = maxSessions;
      const behaviour = `50 sign-ins at once with ${policy} leave exactly ${limit} live`;
      raced(behaviour, { maxSessions }, crowds(policy, limit), scaled(20, 1));
    }
    raced('double-clicked logins: signed in; logouts under way: signed out', {}, inAndOut, scaled(500, 24));

    function raced(
      behaviour: string,
      options: Omit<ServiceOptions, 'store'>,
      body: (arena: Arena, times: number) => Promise<void>,
      times: number,
    ) {
      test(behaviour, async () => {
        const starting = Array.from({ length: processes }, () =>
          Service.start({ store, hasOwners: true, ...options }),
        );
        const services = await Promise.all(starting);
        try {
          await body({ services }, times);
          const alarms = services.flatMap(service => service.alarms);
          if (alarms.length > 0) throw new Error(alarms.join('\n'));
        } finally {
          for (const service of services) await service.stop();
        }
      });
    }
  });
}

async function inAndOut(arena: Arena, times: number): Promise<void> {
  await logins(arena, times);
  await logouts(arena, times);
}
