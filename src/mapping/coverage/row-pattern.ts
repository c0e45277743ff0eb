/**
 * Tells rows of the guide by their name (`segment PID[Patient] PID-12 address[1].district`): `*` stands for anything,
 * everything else for itself.
 */
export function rowPattern(text: string): (id: string) => boolean {
  const parts = text.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return (id) => pattern.test(id);
}
