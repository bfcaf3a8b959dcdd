package dev.ringtap.kafka.monitor;

import dev.ringtap.kafka.agent.AgentCounts;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.StandardMBean;
import org.jspecify.annotations.Nullable;

/** The counts of an agent's captures under JMX, as {@value #NAME}. */
public final class AgentMBean implements AutoCloseable {
  /** Its name: a process has one agent. */
  public static final String NAME = "dev.ringtap:type=agent";

  private static final System.Logger LOG = System.getLogger(AgentMBean.class.getName());

  /** What JMX shows. */
  public interface AgentMXBean {
    /** All counts, of one time. */
    AgentCounts getCounts();
  }

  private @Nullable ObjectName shown;

  /** Shows nothing yet. */
  public AgentMBean() {}

  /** Shows these counts until this is closed. If that is not possible it is only logged. */
  public void show(Supplier<AgentCounts> counts) {
    AgentMXBean bean = counts::get;
    try {
      ObjectName name = new ObjectName(NAME);
      ManagementFactory.getPlatformMBeanServer()
          .registerMBean(new StandardMBean(bean, AgentMXBean.class, true), name);
      shown = name;
    } catch (JMException e) {
      LOG.log(Level.WARNING, "the counts are not in JMX reason={0}", e.toString());
    }
  }

  @Override
  public void close() {
    try {
      if (shown != null) {
        ManagementFactory.getPlatformMBeanServer().unregisterMBean(shown);
      }
    } catch (JMException e) {
      LOG.log(Level.WARNING, "the counts stay in JMX name={0} reason={1}", shown, e.toString());
    }
  }
}
