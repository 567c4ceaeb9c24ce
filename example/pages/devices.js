import { deviceName } from '../device.js';
import { ago, instant, plural } from './format.js';
import { html } from './html.js';
import { button, card, form, noticeLine, page } from './layout.js';

/** @import { Device } from '../device.js' */
/** @import { Visitor } from '../visitor.js' */

/** @typedef {Awaited<ReturnType<import('sojourn').SessionManager['list']>>} Devices */

/**
 * @typedef {object} DevicesView
 * @property {Visitor} visitor
 * @property {string | undefined} notice
 * @property {Devices} devices
 * @property {string | undefined} current  This device's handle.
 * @property {boolean} oneDevice
 * @property {number} now  Epoch ms.
 */

/** @param {DevicesView} view */
export function devicesPage(view) {
  const { visitor, notice, devices, oneDevice } = view;
  const signedIn = `${plural(devices.length, 'device')}${devices.next ? ' and more' : ''}`;
  return page({
    title: 'Your devices',
    visitor,
    content: html`
      <p class="lede">${visitor.name} is signed in on ${signedIn}</p>
      <h1>Your devices</h1>
      ${noticeLine(notice)}
      <ul class="devices wide">${devices.map(device => deviceItem(view, device))}
      </ul>
      ${
        devices.length > 1 &&
        html`<div class="wide">${button(visitor, '/devices/sign-out-others', 'Sign out all others')}</div>`
      }
      ${oneDeviceCard(visitor, oneDevice)} ${passwordCard()}`,
  });
}

/**
 * @param {DevicesView} view
 * @param {Devices[number]} session
 */
function deviceItem({ visitor, current, now }, session) {
  const { handle, createdAt, lastSeenAt, authenticatedAt } = session;
  const { agent = '', ip = 'an unknown address' } = /** @type {Partial<Device>} */ (session.device ?? {});
  const isCurrent = handle === current;
  const name = deviceName(agent);
  return html`
        <li>
          <h2>${name}${isCurrent && html` <span class="badge">This device</span>`}</h2>
          <p>Last seen ${isCurrent ? 'just now' : ago(lastSeenAt, now)} from ${ip}</p>
          <p>Signed in ${instant(authenticatedAt ?? createdAt)}</p>
          ${form(
            visitor,
            '/devices/sign-out',
            html`<input type="hidden" name="handle" value="${handle}"><button>Sign out<span class="unseen"> ${name}</span></button>`,
          )}
        </li>`;
}

/**
 * @param {Visitor} visitor
 * @param {boolean} isOn
 */
function oneDeviceCard(visitor, isOn) {
  const [state, next, label] = isOn ? ['On', 'off', 'Switch off'] : ['Off', 'on', 'Switch on'];
  return card(
    'one-device',
    'One device at a time',
    html`
        <p><b>${state}.</b> ${
          isOn
            ? 'Whoever signs in to your account on another device signs this one out.'
            : 'Your account may be signed in on several devices.'
        }</p>
        ${form(
          visitor,
          '/devices/one-at-a-time',
          html`<input type="hidden" name="switch" value="${next}"><button aria-describedby="one-device">${label}</button>`,
        )}`,
  );
}

function passwordCard() {
  return card(
    'password',
    'Password',
    html`
        <p>A new password signs out all your other devices.</p>
        <p><a class="button" href="/password">Choose a new password</a></p>`,
  );
}
