package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import io.netty.channel.Channel;
import java.util.ArrayList;
import java.util.List;

/** Runs a command on the backend, and mends what that gets wrong of commands with several statements. */
final class Statements {
    private static final Document COUNT = new Document("$group", new Document("_id", 1).append("n", new Document("$sum", 1)));

    private Statements() {}

    static Document run(TrackedBackend backend, Channel channel, String database, Document command) {
        String name = command.keySet().iterator().next();
        switch (name) {
            case "insert": {
                Document reply = backend.handleCommand(channel, database, name, command);
                int failed = errors(reply).size();
                boolean stopped = failed > 0 && isOrdered(command);
                int sent = ((List<?>) command.get("documents")).size();
                return reply.append("n", stopped ? (int) errors(reply).get(0).get("index") : sent - failed);
            }
            case "update":
                return oneByOne(backend, channel, database, command, "updates");
            case "delete":
                return oneByOne(backend, channel, database, command, "deletes");
            case "aggregate":
                return isCount(command) ? count(backend, channel, database, command) : backend.handleCommand(channel, database, name, command);
            case "drop":
                try {
                    return backend.handleCommand(channel, database, name, command);
                } catch (RuntimeException failure) {
                    if ("ns not found".equals(failure.getMessage())) return new Document("ok", 1.0);
                    throw failure;
                }
            default:
                return backend.handleCommand(channel, database, name, command);
        }
    }

    /** What drivers send for countDocuments: the backend would read every document for it. */
    private static boolean isCount(Document command) {
        return command.get("pipeline") instanceof List<?> stages && stages.size() == 2
            && ((Document) stages.get(0)).containsKey("$match") && stages.get(1).equals(COUNT);
    }

    private static Document count(TrackedBackend backend, Channel channel, String database, Document command) {
        String collection = (String) command.get("aggregate");
        Object filter = ((Document) ((List<?>) command.get("pipeline")).get(0)).get("$match");
        Document counted = backend.handleCommand(channel, database, "count", new Document("count", collection).append("query", filter));
        int n = (int) counted.get("n");
        List<Document> batch = n == 0 ? List.of() : List.of(new Document("_id", 1).append("n", n));
        Document cursor = new Document("id", 0L).append("ns", database + "." + collection).append("firstBatch", batch);
        return new Document("cursor", cursor).append("ok", 1.0);
    }

    /** An ordered command ends at its first error; the backend goes on (update) or loses the count (delete). */
    private static Document oneByOne(TrackedBackend backend, Channel channel, String database, Document command, String field) {
        List<Document> errors = new ArrayList<>();
        List<Document> upserted = new ArrayList<>();
        int matched = 0;
        int modified = 0;
        List<?> statements = (List<?>) command.get(field);
        for (int i = 0; i < statements.size(); i++) {
            Document single = command.clone().append(field, List.of(statements.get(i)));
            Document reply;
            try {
                reply = backend.handleCommand(channel, database, command.keySet().iterator().next(), single);
            } catch (RuntimeException failure) {
                Document error = Errors.of(failure);
                error.remove("ok");
                reply = new Document("writeErrors", List.of(error));
            }
            matched += (int) reply.getOrDefault("n", 0);
            modified += (int) reply.getOrDefault("nModified", 0);
            for (Object each : (Iterable<?>) reply.getOrDefault("upserted", List.of())) {
                upserted.add(((Document) each).append("index", i));
            }
            for (Document error : errors(reply)) errors.add(new Document("index", i).append("code", error.get("code")).append("errmsg", error.get("errmsg")));
            if (!errors.isEmpty() && isOrdered(command)) break;
        }
        Document reply = new Document("n", matched);
        if (field.equals("updates")) reply.append("nModified", modified);
        if (!upserted.isEmpty()) reply.append("upserted", upserted);
        if (!errors.isEmpty()) reply.append("writeErrors", errors);
        return reply.append("ok", 1.0);
    }

    private static boolean isOrdered(Document command) {
        return !Boolean.FALSE.equals(command.get("ordered"));
    }

    @SuppressWarnings("unchecked")
    private static List<Document> errors(Document reply) {
        return (List<Document>) reply.getOrDefault("writeErrors", List.of());
    }
}
