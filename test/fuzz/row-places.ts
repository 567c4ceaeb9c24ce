import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { generateKey, type SessionStore, sealed } from 'sojourn';
import { memoryStore } from 'sojourn/memory';
import { redisStore } from 'sojourn/redis';
import { sqliteSchema, sqliteStore } from 'sojourn/sqlite';
import { RecordStore } from '../harness/record-store.js';
import type { TestOptions } from '../harness/visit.js';
import { sqliteDatabase } from '../service/sqlite-database.js';
import { startRedis } from '../stores/redis-servers.js';
import { changeText, type TextChange } from './changes.js';

/** A row's fields: what stands in them, as JSON. */
export type Row = Readonly<Record<string, string>>;

/** Where rows are kept, and can be put past the store. */
export interface Place {
  readonly options: TestOptions;
  /** The row of a session that the store has saved. */
  read(key: string): Promise<Row>;
  /** Keeps a row, whatever it holds, and answers its key. What the place itself refuses is not kept. */
  put(key: string, row: Row, text: TextChange | null): Promise<string>;
  /** True where it is the whole row that a change of text is done to, and not the data alone. */
  readonly isOneText: boolean;
  close(): Promise<unknown>;
}

export async function memoryPlace(codec?: SessionStore['codec']): Promise<Place> {
  const store = memoryStore({ max: 100, codec });
  return {
    options: { store },
    isOneText: false,
    read: async key => rowOf((await store.find(key)) as object),
    async put(_key, row, text) {
      const key = randomUUID();
      await store.insert(key, valuesOf(dataChanged(row, text)) as never);
      return key;
    },
    close: () => store.close(),
  };
}

export function sealedMemoryPlace(): Promise<Place> {
  return memoryPlace(sealed(generateKey()));
}

/** SQLite lets columns hold values of any type, unless the table is strict, as ours is. */
export async function sqlitePlace(isStrict: boolean): Promise<Place> {
  const database = await sqliteDatabase(':memory:');
  const originals = new Map<string, Row>();
  const store = (key: string, row: Row) => {
    const { ended, ...values } = valuesOf(row) as Record<string, unknown>;
    const names = Object.keys(values).map(snakeCase);
    database
      .prepare(
        `INSERT OR REPLACE INTO sojourn_sessions (session_key, ${names.join()}) VALUES (?${', ?'.repeat(names.length)})`,
      )
      .run(key, ...Object.values(values).map(columnValue));
  };
  database.exec(isStrict ? sqliteSchema() : sqliteSchema().replace(/(?<!IS) NOT NULL|(?<=\)) STRICT/g, ''));
  return {
    options: { store: sqliteStore(database, { createTable: false }) },
    isOneText: false,
    async read(key) {
      const statement = database.prepare('SELECT * FROM sojourn_sessions WHERE session_key = ?');
      const [found] = statement.all(key) as Record<string, unknown>[];
      const { id, session_key, ...columns } = found ?? {};
      const named = Object.entries(columns).map(([name, value]) => [camelCase(name), value]);
      originals.set(key, rowOf(Object.fromEntries(named)));
      return originals.get(key) as Row;
    },
    async put(key, row, text) {
      try {
        store(key, dataChanged(row, text));
      } catch (error) {
        // A strict table refuses what is of another type; then the row is as it was issued.
        if (!isStrict) throw error;
        store(key, originals.get(key) as Row);
      }
      return key;
    },
    close: async () => database.close?.(),
  };
}

export async function redisPlace(): Promise<Place> {
  const server = await startRedis();
  const client = new Redis(server.port, '127.0.0.1');
  const nameOf = async (key: string) => (await client.keys(`*s:*${key.slice(-20)}*`))[0] as string;
  const names = new Map<string, string>();
  return {
    options: { store: redisStore(client) },
    isOneText: true,
    async read(key) {
      names.set(key, await nameOf(key));
      const text = (await client.get(names.get(key) as string)) ?? '';
      const [times = '', head = '', data = ''] = text.split('\n');
      const [format, createdAt, lastSeenAt, expiresAt] = times.split(' ').map(Number);
      return rowOf({ format, createdAt, lastSeenAt, expiresAt, ...JSON.parse(head), data });
    },
    async put(key, row, text) {
      const { format, createdAt, lastSeenAt, expiresAt, endedAt, data = '""', ...head } = row;
      const times = [format, createdAt, lastSeenAt, expiresAt, endedAt].filter(time => time !== undefined);
      const body = Object.entries(head).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
      const whole = `${times.join(' ')}\n{${body.join()}}\n${textOf(JSON.parse(data))}`;
      await client.set(names.get(key) as string, text ? changeText(whole, text) : whole);
      return key;
    },
    async close() {
      client.disconnect();
      await server.stop();
    },
  };
}

/** koa-session's records have all that they have in the data. */
export async function koaPlace(): Promise<Place> {
  const store = new RecordStore();
  return {
    options: { store, idleTimeout: 1_800_000 },
    isOneText: false,
    read: async key => ({ data: JSON.stringify(store.texts.get(key)) }),
    async put(key, { data = '""' }) {
      store.forgetCalls();
      const text = textOf(JSON.parse(data));
      // What is no JSON no store can answer with.
      store.texts.set(key, isJson(text) ? text : JSON.stringify(text));
      return key;
    },
    close: async () => {},
  };
}

function rowOf(values: object): Row {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, JSON.stringify(value)]));
}

function valuesOf(row: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, json]) => [name, JSON.parse(json)]));
}

function dataChanged(row: Row, change: TextChange | null): Row {
  const data = row.data === undefined ? undefined : JSON.parse(row.data);
  if (!change || typeof data !== 'string') return row;
  return { ...row, data: JSON.stringify(changeText(data, change)) };
}

function columnValue(value: unknown): string | number | null {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  return JSON.stringify(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}
