package weir.mongodouble;

import java.io.IOException;
import java.util.List;

/**
 * A test double of a MongoDB replica set with one member: mongo-java-server in memory, with what that lacks (hello, sessions,
 * transactions with snapshot isolation, faults on command). Not a database: see the README beside pom.xml.
 *
 * Options: --port N (0: any free one), --standalone (no transactions), --transaction-lifetime-ms N (60000).
 * Prints one line of JSON when it listens and ends when its stdin does.
 */
public final class Main {
    public static void main(String[] arguments) throws IOException {
        List<String> options = List.of(arguments);
        boolean standalone = options.contains("--standalone");
        long lifetimeMs = number(options, "--transaction-lifetime-ms", 60_000);
        Engine engine = new Engine(standalone, lifetimeMs);
        int port = new Wire(engine, standalone).listen((int) number(options, "--port", 0));
        String set = standalone ? "" : "?replicaSet=" + Wire.SET_NAME;
        System.out.println("{\"ready\":true,\"url\":\"mongodb://127.0.0.1:" + port + "/" + set + "\"}");
        while (System.in.read() >= 0) {
            // Only the end matters: whoever started this process is gone then.
        }
        System.exit(0);
    }

    private static long number(List<String> options, String name, long otherwise) {
        int at = options.indexOf(name);
        return at < 0 ? otherwise : Long.parseLong(options.get(at + 1));
    }
}
