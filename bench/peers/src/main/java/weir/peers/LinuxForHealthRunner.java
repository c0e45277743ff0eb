package weir.peers;

import io.github.linuxforhealth.hl7.HL7ToFHIRConverter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Converts the message of a file for some processor time: each line on stdin is {@code MILLISECONDS FILE}, each answered by {@code RUNS
 * SECONDS CPU_SECONDS CHARACTERS} (of this thread alone; the characters are those of the last Bundle). It ends with its stdin.
 */
public final class LinuxForHealthRunner {
  private LinuxForHealthRunner() {}

  public static void main(String[] args) throws IOException {
    // The converter prints what it does; stdout is for the figures.
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    HL7ToFHIRConverter converter = new HL7ToFHIRConverter();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", 2);
      String message = Files.readString(Path.of(words[1]), StandardCharsets.UTF_8);
      out.println(lap(converter, threads, message, Long.parseLong(words[0]) * 1_000_000));
    }
  }

  private static String lap(HL7ToFHIRConverter converter, ThreadMXBean threads, String message, long nanos) {
    long start = System.nanoTime();
    long cpu = threads.getCurrentThreadCpuTime();
    int runs = 0;
    int characters = 0;
    while (threads.getCurrentThreadCpuTime() - cpu < nanos) {
      characters = converter.convert(message).length();
      runs += 1;
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuSeconds = (threads.getCurrentThreadCpuTime() - cpu) / 1e9;
    return runs + " " + seconds + " " + cpuSeconds + " " + characters;
  }
}
