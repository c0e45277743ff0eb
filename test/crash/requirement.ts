/**
 * What a test needs of its machine: undefined, or why it cannot run here. `WEIR_REQUIRE_ROOT_TESTS=1` (in
 * `.ci/run`) lets none be skipped: there, what is missing makes the test fail.
 */
export function requirement(missing: string | undefined): { skip: boolean; note: string } {
  const skip = missing !== undefined && process.env['WEIR_REQUIRE_ROOT_TESTS'] !== '1';
  return { skip, note: skip ? ` (skipped: ${missing})` : '' };
}
