import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Builds a Maven project, once for each state of its sources; other runs may do the same at the same time. Its
 * pom.xml takes the folder of the build as `build.folder`.
 * @returns the path of the program, which has its libraries beside it
 * @throws Error that says what is missing: Java, Maven, or what Maven said
 */
export function buildJavaProgram(project: string, jar: string): string {
  if (!answers('java', '-version')) throw new Error('there is no java');
  const sources = globSync(['pom.xml', 'src/**/*.{java,txt}'], { cwd: project }).sort();
  const hash = createHash('sha256');
  for (const file of sources) hash.update(file).update(readFileSync(join(project, file)));
  const folder = hash.digest('hex').slice(0, 12);
  const program = join(project, 'target', folder, jar);
  if (existsSync(program)) return program;
  if (!answers('mvn', '--version')) throw new Error('there is no mvn');
  const building = `${folder}.${process.pid}`;
  const command = ['-q', '-B', 'package', `-Dbuild.folder=${building}`];
  execFileSync('mvn', command, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    renameSync(join(project, 'target', building), join(project, 'target', folder));
  } catch (error) {
    if (!existsSync(program)) throw error;
    rmSync(join(project, 'target', building), { recursive: true });
  }
  return program;
}

function answers(program: string, flag: string): boolean {
  return spawnSync(program, [flag], { stdio: 'ignore' }).status === 0;
}
