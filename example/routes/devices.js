import { accountOnly } from '../accounts/account-only.js';
import { keepOnly } from '../accounts/one-device.js';
import { field, see, takeNotice } from '../form.js';
import { devicesPage } from '../pages/devices.js';
import { visitorOf } from '../visitor.js';
import { logOut } from './session.js';

/** @import { Handler, Parts } from '../app.js' */

/**
 * Where an account is signed in, and signing out there.
 *
 * @param {Parts} parts
 * @returns {Record<string, Handler>}
 */
export function deviceRoutes({ sessions, accounts, clock }) {
  return {
    'GET /devices': accountOnly(accounts, async (ctx, account) => {
      const devices = await sessions.list(account.id);
      ctx.body = devicesPage({
        visitor: visitorOf(ctx),
        notice: takeNotice(ctx),
        devices,
        current: ctx.sessionInfo.handle,
        oneDevice: account.oneDevice === 1,
        now: clock(),
      });
    }),

    'POST /devices/sign-out': accountOnly(accounts, async (ctx, account) => {
      const handle = field(ctx, 'handle');
      if (handle === ctx.sessionInfo.handle) return logOut(ctx);
      // The handle comes from the client: with `owner`, it opens nobody else's door.
      const isEnded = await sessions.end(handle, { owner: account.id, reason: 'revoked' });
      see(ctx, '/devices', isEnded ? 'That device is signed out.' : 'That device was signed out already.');
    }),

    'POST /devices/sign-out-others': accountOnly(accounts, async (ctx, account) => {
      await sessions.endAll(account.id, { except: ctx.session, reason: 'revoked' });
      see(ctx, '/devices', 'All other devices are signed out.');
    }),

    'POST /devices/one-at-a-time': accountOnly(accounts, async (ctx, account) => {
      const isOn = field(ctx, 'switch') === 'on';
      accounts.setOneDevice(account.id, isOn);
      if (isOn) await keepOnly(sessions, account.id, ctx.session);
      see(ctx, '/devices', `One device at a time is ${isOn ? 'on. This is the device.' : 'off.'}`);
    }),
  };
}
