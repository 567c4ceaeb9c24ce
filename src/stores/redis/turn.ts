/** What a Redis client writes to, if it exposes that: a Node socket. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Sends the commands of one turn of the event loop together. Requests that a server is busy with send theirs in the
 * same turn, and a system call to write each one would cost more than all the rest of it.
 * @param client has a new socket after each reconnection, and none before the first connection
 * @returns a function to be called before a command is handed to the client
 */
export function gathering(client: { readonly stream?: Corkable | undefined }): () => void {
  let isGathering = false;
  return () => {
    const { stream } = client;
    if (isGathering || typeof stream?.cork !== 'function') return;
    isGathering = true;
    stream.cork();
    setImmediate(() => {
      isGathering = false;
      stream.uncork();
    });
  };
}
