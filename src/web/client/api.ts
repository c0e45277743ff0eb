/** Calls of the server this page came from; the session cookie goes along by itself. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answer<T>(
    await fetch(path, { headers: { accept: accepts(path) }, signal: signal ?? null }),
  );
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return answer<T>(
    await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: accepts(path) },
      body: JSON.stringify(body),
    }),
  );
}

function accepts(path: string): string {
  return path.startsWith('/fhir/') ? 'application/fhir+json' : 'application/json';
}

async function answer<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw new ApiError(
    response.status,
    sentence(parsed(text)) ?? `${response.status} from the server`,
  );
}

/** A proxy between may answer with a page of its own. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What went wrong, from an OperationOutcome or a plain `{message}`. */
function sentence(body: unknown): string | undefined {
  const { message, issue } = (body ?? {}) as {
    message?: string;
    issue?: readonly { diagnostics?: string }[];
  };
  return message ?? issue?.map(({ diagnostics }) => diagnostics).find(Boolean);
}
