package dev.ringtap.flink.table;

import dev.ringtap.capture.PacketType;
import dev.ringtap.flink.table.NumberPredicate.Comparison;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;
import org.apache.flink.table.functions.FunctionDefinition;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.jspecify.annotations.Nullable;

/** Finds the predicates of a query that the kernel can decide. */
final class PredicateCompiler {
  private static final Map<FunctionDefinition, Comparison> COMPARISONS =
      Map.of(
          BuiltInFunctionDefinitions.EQUALS, Comparison.EQUAL,
          BuiltInFunctionDefinitions.NOT_EQUALS, Comparison.NOT_EQUAL,
          BuiltInFunctionDefinitions.LESS_THAN, Comparison.LESS,
          BuiltInFunctionDefinitions.LESS_THAN_OR_EQUAL, Comparison.LESS_OR_EQUAL,
          BuiltInFunctionDefinitions.GREATER_THAN, Comparison.GREATER,
          BuiltInFunctionDefinitions.GREATER_THAN_OR_EQUAL, Comparison.GREATER_OR_EQUAL);

  /** The beginning of IPv4 addresses up to a dot: 10.% to 10.1.2.%. */
  private static final String OCTETS = "(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){0,2}\\.%";

  private PredicateCompiler() {}

  /** The predicate of an expression, or empty if Flink must decide. */
  static Optional<Predicate> compile(ResolvedExpression expression) {
    return Optional.ofNullable(compile(expression, true));
  }

  /**
   * @param wanted whether the expression must be true, or false; unknown is neither
   */
  private static @Nullable Predicate compile(ResolvedExpression expression, boolean wanted) {
    if (expression instanceof FieldReferenceExpression) {
      return column(expression) == PacketColumn.VLAN_DROP_ELIGIBLE
          ? number(PacketColumn.VLAN_DROP_ELIGIBLE, Comparison.EQUAL, wanted ? 1 : 0)
          : null;
    }
    if (!(expression instanceof CallExpression call)) {
      return null;
    }
    FunctionDefinition function = call.getFunctionDefinition();
    List<ResolvedExpression> arguments = call.getResolvedChildren();
    if (function == BuiltInFunctionDefinitions.NOT) {
      return compile(arguments.get(0), !wanted);
    }
    if (function == BuiltInFunctionDefinitions.AND || function == BuiltInFunctionDefinitions.OR) {
      return join(arguments, wanted, wanted == (function == BuiltInFunctionDefinitions.AND));
    }
    if (function == BuiltInFunctionDefinitions.IS_NULL
        || function == BuiltInFunctionDefinitions.IS_NOT_NULL) {
      return presence(
          arguments.get(0), wanted == (function == BuiltInFunctionDefinitions.IS_NOT_NULL));
    }
    if (function == BuiltInFunctionDefinitions.IN) {
      return in(arguments, wanted);
    }
    if (function == BuiltInFunctionDefinitions.LIKE && arguments.size() == 2) {
      return like(arguments, wanted);
    }
    if (function instanceof InSubnet) {
      return subnet(column(arguments.get(0)), text(arguments.get(1)), wanted);
    }
    Comparison comparison = COMPARISONS.get(function);
    return comparison == null ? null : compare(comparison, arguments, wanted);
  }

  private static @Nullable Predicate join(
      List<ResolvedExpression> arguments, boolean wanted, boolean all) {
    List<Predicate> parts = new ArrayList<>();
    for (ResolvedExpression argument : arguments) {
      Predicate part = compile(argument, wanted);
      if (part == null) {
        return null;
      }
      parts.add(part);
    }
    return new JoinedPredicate(all, parts);
  }

  private static @Nullable Predicate presence(ResolvedExpression argument, boolean present) {
    PacketColumn column = column(argument);
    return column == null
        ? null
        : HeaderField.of(column).map(field -> new PresencePredicate(field, present)).orElse(null);
  }

  private static @Nullable Predicate in(List<ResolvedExpression> arguments, boolean wanted) {
    List<Predicate> parts = new ArrayList<>();
    for (ResolvedExpression value : arguments.subList(1, arguments.size())) {
      Predicate part = compare(Comparison.EQUAL, List.of(arguments.get(0), value), wanted);
      if (part == null) {
        return null;
      }
      parts.add(part);
    }
    return new JoinedPredicate(!wanted, parts);
  }

  private static @Nullable Predicate compare(
      Comparison comparison, List<ResolvedExpression> arguments, boolean wanted) {
    PacketColumn column = column(arguments.get(0));
    ResolvedExpression value = arguments.get(1);
    Comparison asked = comparison;
    if (column == null) {
      column = column(arguments.get(1));
      value = arguments.get(0);
      asked = comparison.mirrored();
    }
    if (column == null) {
      return null;
    }
    if (!wanted) {
      asked = asked.opposite();
    }
    Long number = number(value);
    if (number != null) {
      return number(column, asked, number);
    }
    String text = text(value);
    boolean equal = asked == Comparison.EQUAL;
    if (text == null || !equal && asked != Comparison.NOT_EQUAL) {
      return null;
    }
    return textEquals(column, text, equal);
  }

  private static @Nullable Predicate number(
      PacketColumn column, Comparison comparison, long constant) {
    return column == PacketColumn.PACKET_TYPE
        ? null
        : HeaderField.of(column)
            .map(field -> new NumberPredicate(field, comparison, constant))
            .orElse(null);
  }

  private static @Nullable Predicate textEquals(PacketColumn column, String text, boolean equal) {
    return switch (column) {
      case PACKET_TYPE ->
          Arrays.stream(PacketType.values())
              .filter(type -> type.name().equals(text))
              .findFirst()
              .map(
                  type ->
                      new NumberPredicate(
                          HeaderField.PACKET_TYPE,
                          equal ? Comparison.EQUAL : Comparison.NOT_EQUAL,
                          type.ordinal()))
              .orElse(null);
      case ETH_SRC, ETH_DST ->
          text.matches(MacPredicate.FORM)
              ? new MacPredicate(column == PacketColumn.ETH_SRC, text, equal)
              : null;
      default ->
          // only the form in which the column shows the address is equal to it
          isCanonicalAddress(text) ? subnet(column, text, equal) : null;
    };
  }

  private static boolean isCanonicalAddress(String text) {
    if (text.indexOf('/') >= 0) {
      return false;
    }
    try {
      return text.equals(Subnet.parse(text).text());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static @Nullable Predicate like(List<ResolvedExpression> arguments, boolean wanted) {
    String pattern = text(arguments.get(1));
    if (pattern == null || !pattern.matches(OCTETS)) {
      return null;
    }
    String prefix = pattern.substring(0, pattern.length() - 1);
    int octets = (int) prefix.chars().filter(each -> each == '.').count();
    StringBuilder subnet = new StringBuilder(prefix);
    for (int i = octets; i < 4; i++) {
      subnet.append(i == octets ? "0" : ".0");
    }
    return subnet(column(arguments.get(0)), subnet + "/" + 8 * octets, wanted);
  }

  private static @Nullable Predicate subnet(
      @Nullable PacketColumn column, @Nullable String text, boolean inside) {
    if (text == null || column != PacketColumn.IP_SRC && column != PacketColumn.IP_DST) {
      return null;
    }
    try {
      return new SubnetPredicate(column == PacketColumn.IP_SRC, Subnet.parse(text), inside);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The column that an expression is, also under a cast that keeps each of its values. */
  private static @Nullable PacketColumn column(ResolvedExpression expression) {
    ResolvedExpression inner = expression;
    if (inner instanceof CallExpression
        && ((CallExpression) inner).getFunctionDefinition() == BuiltInFunctionDefinitions.CAST) {
      ResolvedExpression cast = inner.getResolvedChildren().get(0);
      if (!keepsValues(type(cast), type(inner))) {
        return null;
      }
      inner = cast;
    }
    if (!(inner instanceof FieldReferenceExpression field)) {
      return null;
    }
    String name = field.getName();
    return Arrays.stream(PacketColumn.values())
        .filter(each -> each.columnName().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** Columns are INT and STRING: BIGINT is wider than INT, and nothing is wider than STRING. */
  private static boolean keepsValues(LogicalType from, LogicalType to) {
    return to.copy(true).equals(from.copy(true))
        || from.is(LogicalTypeRoot.INTEGER) && to.is(LogicalTypeRoot.BIGINT);
  }

  private static LogicalType type(ResolvedExpression expression) {
    return expression.getOutputDataType().getLogicalType();
  }

  /** The value of a whole number, of whichever of SQL's types it is. */
  private static @Nullable Long number(ResolvedExpression expression) {
    if (!(expression instanceof ValueLiteralExpression literal)
        || !type(expression).is(LogicalTypeFamily.INTEGER_NUMERIC)) {
      return null;
    }
    Class<?> type = expression.getOutputDataType().getConversionClass();
    return literal.getValueAs(type).map(value -> ((Number) value).longValue()).orElse(null);
  }

  private static @Nullable String text(ResolvedExpression expression) {
    if (!(expression instanceof ValueLiteralExpression literal)
        || !type(expression).is(LogicalTypeFamily.CHARACTER_STRING)) {
      return null;
    }
    return literal.getValueAs(String.class).orElse(null);
  }
}
