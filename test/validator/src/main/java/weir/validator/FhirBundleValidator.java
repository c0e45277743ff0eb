package weir.validator;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Reads resources from stdin, one JSON on a line, and says on stdout what HAPI's validator says of each: lines of
 * {@code {line, severity, id, at, text}}, the line counted from 0. Nothing is fetched. The last line is {@code {done}}, the number of resources read.
 */
public final class FhirBundleValidator {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final FhirValidator validator;
  private final PrintStream out;

  private FhirBundleValidator(PrintStream out) throws IOException {
    this.out = out;
    FhirContext context = FhirContext.forR4();
    ValidationSupportChain support =
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(context),
            new PrePopulatedValidationSupport(context, R5Extensions.byUrl(), Map.of(), Map.of()),
            new InMemoryTerminologyServerValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new SnapshotGeneratingValidationSupport(context),
            new UnknownCodeSystemWarningValidationSupport(context));
    // R4: of several codings one has to be of the value set (http://hl7.org/fhir/R4/terminologies.html#codeableconcept).
    support.setCodeableConceptValidationSuccessfulIfNotAllCodingsAreValid(true);
    FhirInstanceValidator instances = new FhirInstanceValidator(support);
    validator = context.newValidator().registerValidatorModule(instances);
  }

  public static void main(String[] args) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    FhirBundleValidator judge = new FhirBundleValidator(out);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    int line = 0;
    for (String text = in.readLine(); text != null; text = in.readLine()) {
      judge.judge(line, text);
      line += 1;
    }
    out.println(JSON.writeValueAsString(Map.of("done", line)));
  }

  private void judge(int line, String text) throws IOException {
    try {
      for (SingleValidationMessage said : validator.validateWithResult(text).getMessages()) {
        say(line, said.getSeverity().getCode(), said.getMessageId(), said.getLocationString(), said.getMessage());
      }
    } catch (RuntimeException fault) {
      // JSON that is none is thrown, not reported.
      say(line, "fatal", "thrown", "", fault.toString());
    }
  }

  private void say(int line, String severity, String id, String at, String text) throws IOException {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("line", line);
    said.put("severity", severity);
    said.put("id", id == null ? "" : id);
    said.put("at", at == null ? "" : at);
    said.put("text", text);
    out.println(JSON.writeValueAsString(said));
  }
}
