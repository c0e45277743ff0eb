package weir.mongodouble;

import de.bwaldvogel.mongo.bson.BsonRegularExpression;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The order of strings. MongoDB orders them by UTF-8 bytes, that is by code point; the backend by UTF-16 units, where U+1F600 comes
 * before U+FB01. Inside, the units from D800 up are therefore turned round (surrogates last), which makes the two orders one.
 * Every document is copied on its way in and out, so that no reply shares what a later command changes.
 */
final class Text {
    private static final int SURROGATES = 0xD800;
    private static final int SURROGATE_COUNT = 0x800;
    private static final int ABOVE = 0x10000 - 0xE000;

    private Text() {}

    static Document inward(Document document) {
        return copy(document, text -> turn(text, SURROGATE_COUNT, ABOVE));
    }

    static Document outward(Document document) {
        return copy(document, text -> turn(text, ABOVE, SURROGATE_COUNT));
    }

    /** From D800 up, the first `count` units change places with the `others` after them. */
    private static String turn(String text, int count, int others) {
        if (text.chars().allMatch(unit -> unit < SURROGATES)) return text;
        StringBuilder turned = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            int unit = text.charAt(i);
            if (unit >= SURROGATES) unit += unit < SURROGATES + count ? others : -count;
            turned.append((char) unit);
        }
        return turned.toString();
    }

    private static Document copy(Document document, UnaryOperator<String> text) {
        Document copy = new Document();
        document.forEach((key, value) -> copy.put(key, copyValue(value, text)));
        return copy;
    }

    private static Object copyValue(Object value, UnaryOperator<String> text) {
        if (value instanceof String string) return text.apply(string);
        if (value instanceof Document document) return copy(document, text);
        if (value instanceof BsonRegularExpression regex) {
            return new BsonRegularExpression(text.apply(regex.getPattern()), regex.getOptions());
        }
        if (value instanceof Collection<?> values) {
            List<Object> copies = new ArrayList<>(values.size());
            for (Object each : values) copies.add(copyValue(each, text));
            return copies;
        }
        return value;
    }
}
