/** Why a store cannot be opened. The message is a sentence for whoever runs the server, without secrets. */
export class StoreOpenError extends Error {
  readonly reason:
    | 'locked'
    | 'foreign'
    | 'newer'
    | 'corrupt'
    | 'unwritable'
    /** No server answers there. */
    | 'unreachable'
    /** The server does not let us in. */
    | 'refused'
    /** The server has no transactions. */
    | 'standalone'
    /** It holds a part of another store: a copy that is not done. */
    | 'unfinished';

  constructor(reason: StoreOpenError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreOpenError';
    this.reason = reason;
  }
}
