import assert from 'node:assert/strict';
import type { Page } from 'puppeteer-core';
import { follow } from '../browsers/browsers.js';
import { MINUTE, PASSWORD, type Site } from './site.js';
import type { Visitor } from './visitor.js';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Goes through the site as a person does, and stops at every page, in every state that looks different. */
export class Tour {
  readonly #site: Site;
  readonly #page: Page;
  readonly #base: string;

  constructor(site: Site, page: Page) {
    this.#site = site;
    this.#page = page;
    this.#base = site.newVisitor().browser.base;
  }

  /** The name of each page, once it is open. */
  async *stops(): AsyncGenerator<string> {
    yield* this.#anonymous();
    yield* this.#account();
    yield* this.#ending();
  }

  async *#anonymous(): AsyncGenerator<string> {
    await this.open('/', '1 view');
    await this.type('note', 'A window seat, please');
    await this.press('/note');
    await this.press('/fill');
    yield 'session';
    await this.press('/log-out');
    yield 'logged-out';
    await this.open('/missing', 'Not found');
    yield 'not-found';
    await this.open('/sign-in', 'Sign in');
    yield 'sign-in';
    await this.type('name', 'ann');
    await this.type('password', 'wrong horse battery');
    await this.press('/sign-in');
    yield 'sign-in-refused';
    await this.open('/sign-up', 'Sign up');
    yield 'sign-up';
    await this.type('name', '<ann>');
    await this.type('password', PASSWORD);
    await this.press('/sign-up');
    yield 'sign-up-refused';
  }

  async *#account(): AsyncGenerator<string> {
    await this.#signInElsewhere(FIREFOX);
    this.#site.advance(25 * MINUTE);
    await this.#signInElsewhere(IPHONE);
    this.#site.advance(3 * MINUTE);
    await this.#signIn();
    yield 'devices';
    this.#site.advance(6 * MINUTE);
    await this.open('/password', 'Is it you?');
    yield 'confirm';
    await this.type('password', PASSWORD);
    await this.press('/confirm');
    yield 'password';
  }

  async *#ending(): AsyncGenerator<string> {
    await this.open('/devices', 'Your devices');
    await this.press('/devices/one-at-a-time');
    const other = await this.#signInElsewhere(FIREFOX);
    assert.equal(other.heading, 'Your devices');
    await this.#page.waitForSelector('.ended');
    yield 'live-notice';
    await this.open('/', 'Signed in on another device');
    yield 'ended';
    await this.open('/sign-in', 'Sign in');
    yield 'sign-in-again';
  }

  async open(path: string, heading: string): Promise<void> {
    await this.#page.goto(this.#base + path);
    assert.equal(await this.#page.$eval('h1', ({ textContent }) => textContent), heading);
  }

  async type(field: string, text: string): Promise<void> {
    await this.#page.$eval(`[name="${field}"]`, input => input.setAttribute('value', ''));
    await this.#page.type(`[name="${field}"]`, text);
  }

  async press(action: string): Promise<void> {
    await follow(this.#page, `main form[action="${action}"] button`);
  }

  async #signIn(): Promise<void> {
    await this.open('/sign-in', 'Sign in');
    await this.type('name', 'ann');
    await this.type('password', PASSWORD);
    await this.press('/sign-in');
  }

  async #signInElsewhere(agent: string): Promise<Visitor> {
    const visitor = this.#site.newVisitor(agent);
    if (await this.#site.accounts.authenticate('ann', PASSWORD)) await visitor.signIn('ann', PASSWORD);
    else await visitor.signUp('ann', PASSWORD);
    return visitor;
  }
}
