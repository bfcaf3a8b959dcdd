package dev.ringtap.flink.table;

import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.factories.ModuleFactory;
import org.apache.flink.table.functions.FunctionDefinition;
import org.apache.flink.table.module.Module;

/**
 * Makes the module of {@link PacketFunction}s and {@link FlowsFunction}: {@code LOAD MODULE
 * ringtap}.
 */
public final class PacketModuleFactory implements ModuleFactory {
  /** For Flink. */
  public PacketModuleFactory() {}

  @Override
  public String factoryIdentifier() {
    return PacketTableOptions.IDENTIFIER;
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  @Override
  public Module createModule(Context context) {
    return new Functions();
  }

  private static final class Functions implements Module {
    private static final String FLOWS = "flows";

    @Override
    public Set<String> listFunctions() {
      Set<String> names = new LinkedHashSet<>(PacketFunction.ALL.keySet());
      names.add(FLOWS);
      return names;
    }

    @Override
    public Optional<FunctionDefinition> getFunctionDefinition(String name) {
      String lowerCase = name.toLowerCase(Locale.ROOT);
      if (lowerCase.equals(FLOWS)) {
        return Optional.of(new FlowsFunction());
      }
      return Optional.ofNullable(PacketFunction.ALL.get(lowerCase)).map(PacketFunction::definition);
    }
  }
}
