package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Faults on command, and how often each command came. A fault is {on, do, db?, collection?, nth?, times?, ms?, code?}: from the nth
 * command of its kind on, as often as `times` says. `on` is a command's name, `write` (any of the four) or `*`.
 *
 * do: writeConflict; failBefore (an error, nothing done); failAfter (done, then an error); drop (the connection, nothing done);
 * dropAfter (done, then the connection); hang (for ms, then on as usual).
 */
final class Faults {
    /** The client's connection is to be closed instead of an answer. */
    static final class ConnectionDropped extends RuntimeException {}

    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "findAndModify");

    private final List<Fault> faults = new ArrayList<>();
    private final Map<String, Map<String, Integer>> counters = new TreeMap<>();

    private static final class Fault {
        final Document says;
        int met;
        int fired;

        Fault(Document says) {
            this.says = says;
        }

        boolean isOf(String database, String collection, String command) {
            Object on = says.get("on");
            return (on.equals("*") || on.equals(command) || (on.equals("write") && WRITES.contains(command)))
                && says.getOrDefault("db", database).equals(database)
                && says.getOrDefault("collection", collection).equals(collection);
        }

        boolean fires() {
            met++;
            if (met < number("nth", 1) || fired >= number("times", 1)) return false;
            fired++;
            return true;
        }

        int number(String name, int otherwise) {
            return ((Number) says.getOrDefault(name, otherwise)).intValue();
        }
    }

    /** What is to go wrong with this command, or null. Counts it. */
    synchronized Document next(String database, String collection, String command) {
        counters.computeIfAbsent(database, name -> new TreeMap<>()).merge(command, 1, Integer::sum);
        Document found = null;
        for (Fault fault : faults) {
            if (fault.isOf(database, collection, command) && fault.fires() && found == null) found = fault.says;
        }
        return found;
    }

    /** The control command: {weirTest: 1, faults: [...], clear: true, counters: true, db: 'only this'}. */
    @SuppressWarnings("unchecked")
    synchronized Document control(Document command) {
        String database = (String) command.get("db");
        if (Boolean.TRUE.equals(command.get("clear"))) {
            faults.removeIf(fault -> database == null || database.equals(fault.says.get("db")));
            counters.keySet().removeIf(name -> database == null || database.equals(name));
        }
        for (Document says : (List<Document>) command.getOrDefault("faults", List.of())) {
            if (!says.containsKey("on") || !says.containsKey("do")) return Errors.reply(2, "BadValue", "a fault says on and do");
            faults.add(new Fault(says));
        }
        List<Document> fired = new ArrayList<>();
        for (Fault fault : faults) {
            if (database != null && !database.equals(fault.says.get("db"))) continue;
            fired.add(fault.says.clone().append("met", fault.met).append("fired", fault.fired));
        }
        Document counted = new Document();
        counters.forEach((name, counts) -> {
            if (database == null || database.equals(name)) counted.put(name, new Document(counts));
        });
        return new Document("faults", fired).append("counters", counted).append("ok", 1.0);
    }
}
