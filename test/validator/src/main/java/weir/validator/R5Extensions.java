package weir.validator;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.ElementDefinition;
import org.hl7.fhir.r4.model.Enumerations.PublicationStatus;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.StructureDefinition.ExtensionContextType;
import org.hl7.fhir.r4.model.StructureDefinition.StructureDefinitionKind;
import org.hl7.fhir.r4.model.StructureDefinition.TypeDerivationRule;
import org.hl7.fhir.r4.model.UriType;

/** Definitions of extensions for elements of R5: without them the validator, which is offline, calls their URLs wrong. */
final class R5Extensions {
  private static final String PREFIX = "http://hl7.org/fhir/5.0/StructureDefinition/extension-";
  private static final String BASE = "http://hl7.org/fhir/StructureDefinition/Extension";

  private R5Extensions() {}

  static Map<String, IBaseResource> byUrl() throws IOException {
    Map<String, IBaseResource> found = new HashMap<>();
    InputStream file = R5Extensions.class.getResourceAsStream("/r5-extensions.txt");
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("#")) continue;
        String[] words = line.split(" ");
        found.put(PREFIX + words[0], definition(words[0], words[1], words[2]));
      }
    }
    return found;
  }

  private static StructureDefinition definition(String name, String resource, String type) {
    StructureDefinition made = new StructureDefinition();
    made.setUrl(PREFIX + name).setName(name.replace(".", "")).setStatus(PublicationStatus.ACTIVE);
    made.setKind(StructureDefinitionKind.COMPLEXTYPE).setAbstract(false).setType("Extension");
    made.setBaseDefinition(BASE).setDerivation(TypeDerivationRule.CONSTRAINT);
    made.addContext().setType(ExtensionContextType.ELEMENT).setExpression(resource);
    add(made, "Extension", "Extension").setMin(0).setMax("*");
    add(made, "Extension.extension", "Extension.extension").setMax("0");
    add(made, "Extension.url", "Extension.url").setFixed(new UriType(made.getUrl()));
    add(made, "Extension.value[x]", "Extension.value[x]").setMin(1).addType().setCode(type);
    return made;
  }

  private static ElementDefinition add(StructureDefinition made, String id, String path) {
    ElementDefinition element = made.getDifferential().addElement();
    element.setId(id);
    element.setPath(path);
    return element;
  }
}
