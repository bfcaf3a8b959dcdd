package dev.ringtap.flink.table;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.ScalarFunction;
import org.jspecify.annotations.Nullable;

/**
 * Whether an IP address is in a subnet: {@code insubnet(ip_src, '10.0.0.0/8')}.
 *
 * <pre>{@code
 * CREATE TEMPORARY SYSTEM FUNCTION insubnet AS 'dev.ringtap.flink.table.InSubnet';
 * }</pre>
 *
 * <p>On a table of packets the kernel decides it. Created alone it must have a name without an
 * underscore: under others Flink's planner (2.3, {@code RexNodeToExpressionConverter}) does not
 * find a function again.
 */
@FunctionHint(output = @DataTypeHint("BOOLEAN"))
public final class InSubnet extends ScalarFunction {
  private static final long serialVersionUID = 1;

  private transient @Nullable String lastText;
  private transient @Nullable Subnet lastSubnet;

  /** For Flink. */
  public InSubnet() {}

  /**
   * Whether the address is in the subnet.
   *
   * @param address IPv4 or IPv6
   * @param subnet {@code address/bits}, or an address
   * @return null if one of them is, or the address is none
   * @throws IllegalArgumentException if the subnet is not written as such
   */
  public @Nullable Boolean eval(@Nullable String address, @Nullable String subnet) {
    byte[] bytes = Subnet.addressOrNull(address);
    if (bytes == null || subnet == null) {
      return null;
    }
    if (lastSubnet == null || !subnet.equals(lastText)) {
      lastSubnet = Subnet.parse(subnet);
      lastText = subnet;
    }
    return lastSubnet.contains(bytes);
  }
}
