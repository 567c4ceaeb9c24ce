/** What a client of Redis writes to, where it shows that: a socket of Node's. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Lets the commands of one turn of the event loop leave together. The requests that a server is busy with send theirs
 * in the same turn, and a write to the system for each would cost more than anything else about it.
 * @param client has another socket after each reconnection, and none before the first connection
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
