/**
 * The result of work that may take so long, and no longer: then its signal is aborted. Not all clients heed a signal,
 * so the wait ends without them.
 * @throws Error that says so
 */
export async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    const end = () => {
      const error = new Error(`the database did not answer within ${ms / 1000} s`);
      giveUp.abort(error);
      reject(error);
    };
    timer = setTimeout(end, ms).unref();
  });
  try {
    return await Promise.race([work(giveUp.signal), silence]);
  } finally {
    clearTimeout(timer);
  }
}
