package dev.ringtap.kafka.monitor;

import dev.ringtap.capture.CaptureId;
import dev.ringtap.kafka.agent.AgentCounts;
import dev.ringtap.kafka.agent.CaptureAgent;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/**
 * The counts of a live capture under JMX, as {@code
 * dev.ringtap:type=capture,host="HOST",interface="NAME"}.
 */
public final class CaptureMBean implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CaptureMBean.class.getName());

  /** What JMX shows. */
  public interface CaptureMXBean {
    /** All counts, of one time. */
    AgentCounts getCounts();
  }

  private ObjectName shown;

  /** Shows nothing yet. */
  public CaptureMBean() {}

  /** Shows a capture until this is closed. If that is not possible it is only logged. */
  public void show(CaptureAgent agent) {
    CaptureId capture = agent.captures().get(0);
    CaptureMXBean bean = agent::counts;
    try {
      ObjectName name = name(capture.host(), capture.interfaceName());
      ManagementFactory.getPlatformMBeanServer()
          .registerMBean(new StandardMBean(bean, CaptureMXBean.class, true), name);
      shown = name;
    } catch (JMException e) {
      LOG.log(Level.WARNING, "the counts are not in JMX: {0}", e.toString());
    }
  }

  private static ObjectName name(String host, String interfaceName) throws JMException {
    return new ObjectName(
        "dev.ringtap:type=capture,host="
            + ObjectName.quote(host)
            + ",interface="
            + ObjectName.quote(interfaceName));
  }

  @Override
  public void close() {
    try {
      if (shown != null) {
        ManagementFactory.getPlatformMBeanServer().unregisterMBean(shown);
      }
    } catch (JMException e) {
      LOG.log(Level.WARNING, "{0} stays in JMX: {1}", shown, e.toString());
    }
  }
}
