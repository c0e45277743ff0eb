package weir.mongodouble;

import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.exception.MongoServerError;
import java.util.List;

/** Replies that say no, in the words and numbers of the real server. */
final class Errors {
    static final String TRANSIENT = "TransientTransactionError";
    static final String RETRYABLE = "RetryableWriteError";

    private Errors() {}

    static Document reply(int code, String name, String message, String... labels) {
        Document reply = new Document("ok", 0.0).append("errmsg", message).append("code", code).append("codeName", name);
        if (labels.length > 0) reply.append("errorLabels", List.of(labels));
        return reply;
    }

    static Document of(RuntimeException failure) {
        if (failure instanceof MongoServerError error) {
            return reply(error.getCode(), error.getCodeName(), error.getMessageWithoutErrorCode());
        }
        String message = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return reply(8, "UnknownError", message);
    }

    static Document writeConflict() {
        return reply(112, "WriteConflict", "Write conflict during plan execution and yielding is disabled", TRANSIENT);
    }

    static Document noSuchTransaction(long number) {
        return reply(251, "NoSuchTransaction", "Transaction " + number + " has been aborted or never began", TRANSIENT);
    }

    static boolean isIn(Document reply) {
        return !Double.valueOf(1).equals(((Number) reply.getOrDefault("ok", 0)).doubleValue()) || reply.containsKey("writeErrors");
    }
}
