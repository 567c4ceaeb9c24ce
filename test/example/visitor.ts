import assert from 'node:assert/strict';
import { type Answer, Browser } from '../harness/browser.js';

/** A form of a page: where it goes, and what it sends along unseen. */
interface Form {
  readonly action: string;
  readonly hidden: Readonly<Record<string, string>>;
}

/** Ms. To hash a password is meant to take long, and on a busy machine takes longer. */
const PATIENCE = 30_000;

/** What a visitor says, and his proxy. */
interface Who {
  readonly agent?: string | undefined;
  readonly ip?: string;
}

/** A visitor of the example: reads pages, and sends their forms as they stand there, as a browser does. */
export class Visitor {
  readonly browser: Browser;
  readonly #who: Who;
  readonly #headers: Readonly<Record<string, string>>;
  /** The page that is open. */
  page = '';
  status = 0;

  constructor(base: string, who: Who = {}) {
    this.browser = new Browser(base, PATIENCE);
    this.#who = who;
    this.#headers = { 'User-Agent': who.agent ?? 'curl/8', ...(who.ip && { 'X-Forwarded-For': who.ip }) };
  }

  /** The same visitor, where the site is at another address now. */
  at(base: string): Visitor {
    const same = new Visitor(base, this.#who);
    for (const [name, cookie] of this.browser.cookies) same.browser.cookies.set(name, cookie);
    return same;
  }

  get heading(): string | undefined {
    return this.page.match(/<h1>(.*?)<\/h1>/)?.[1];
  }

  get title(): string | undefined {
    return this.page.match(/<title>(.*?)<\/title>/)?.[1];
  }

  get notice(): string | undefined {
    return this.page.match(/role="status">(.*?)</)?.[1];
  }

  async open(path: string): Promise<string> {
    const answer = await this.browser.get(path.slice(1), { headers: this.#headers });
    const next = answer.headers.get('location');
    if (next) return this.open(next);
    return this.#read(answer);
  }

  /** Sends the open page's form that goes there, with what is typed in, and follows to where it leads. */
  async press(action: string, typed: Record<string, string> = {}): Promise<string> {
    const answer = await this.send(action, { ...this.#formOf(action, typed).hidden, ...typed });
    const next = answer.headers.get('location');
    if (!next) return this.#read(answer);
    assert.equal(answer.status, 303);
    return this.open(next);
  }

  /** Sends a form to there, whatever page is open. */
  send(
    action: string,
    form: Record<string, string>,
    headers: Record<string, string> = { Origin: this.browser.base, 'Sec-Fetch-Site': 'same-origin' },
  ): Promise<Answer> {
    return this.browser.post(action.slice(1), form, { headers: { ...this.#headers, ...headers } });
  }

  async signUp(name: string, password: string): Promise<void> {
    await this.open('/sign-up');
    await this.press('/sign-up', { name, password });
    assert.equal(this.heading, 'Your devices', this.page);
  }

  /** What the page says after it. */
  async signIn(name: string, password: string): Promise<string> {
    await this.open('/sign-in');
    return this.press('/sign-in', { name, password });
  }

  get token(): string {
    return this.page.match(/name="token" value="([^"]+)"/)?.[1] ?? '';
  }

  /** The devices that the page lists, by what it calls them. */
  get devices(): string[] {
    return Array.from(this.page.matchAll(/<h2>(.*?)<\/h2>/g), ([, name]) => strip(name as string));
  }

  /** The handle behind the button that signs out this device. */
  handleOf(device: string): string {
    const item = this.page.split('<li>').find(part => part.includes(`<h2>${device}`));
    return item?.match(/name="handle" value="([^"]+)"/)?.[1] ?? '';
  }

  #read({ status, body }: Answer): string {
    this.page = body;
    this.status = status;
    return body;
  }

  /** Of several that go there, the one that sends along what is asked for. */
  #formOf(action: string, typed: Record<string, string>): Form {
    const forms = formsIn(this.page).filter(form => form.action === action);
    const form = forms.find(({ hidden }) => Object.entries(hidden).every(([k, v]) => (typed[k] ?? v) === v));
    assert.ok(form, `no form to ${action} on ${this.page}`);
    return form;
  }
}

function formsIn(page: string): Form[] {
  return Array.from(
    page.matchAll(/<form method="post" action="([^"]+)">(.*?)<\/form>/gs),
    ([, action, content]) => ({
      action: action as string,
      hidden: Object.fromEntries(
        Array.from(
          (content as string).matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g),
          ([, name, value]) => [name, value],
        ),
      ),
    }),
  );
}

function strip(markup: string): string {
  return markup.replace(/<[^>]+>/g, '');
}
