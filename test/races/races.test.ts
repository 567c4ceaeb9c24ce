import { after, describe, test } from 'node:test';
import { scaled } from '../service/load.js';
import { Service } from '../service/service.js';
import { type Arena, conflictsIn } from './arena.js';
import { increments, logins, logouts, merges } from './bodies.js';
import { contenders } from './contenders.js';

for (const { name, processes, missing, prepare } of contenders) {
  describe(`${processes === 2 ? 'two processes' : 'one process'} with ${name}`, {
    skip: missing,
  }, async () => {
    const { store, remove } = await prepare();
    const services: Service[] = [];
    const arena: Arena = { services };
    after(async () => {
      for (const service of services) await service.stop();
      await remove();
    });
    for (let i = 0; i < processes; i++) services.push(await Service.start({ store }));

    raced('increments of one session by update(): each counts, and once', increments, scaled(2000, 200));
    raced('one sets a, one sets b, one deletes c: nothing is lost', merges, scaled(1000, 50));
    raced(
      'a logout while other requests are under way: the session never comes back',
      logouts,
      scaled(1000, 60),
    );
    raced('a double-clicked login: the visitor is signed in', logins, scaled(1000, 48));

    function raced(behaviour: string, body: (arena: Arena, times: number) => Promise<void>, times: number) {
      test(behaviour, async t => {
        const conflictsBefore = await conflictsIn(arena);
        await body(arena, times);
        t.diagnostic(`${times} times, and ${(await conflictsIn(arena)) - conflictsBefore} conflicts`);
        const alarms = services.flatMap(service => service.alarms);
        if (alarms.length > 0) throw new Error(alarms.join('\n'));
      });
    }
  });
}
