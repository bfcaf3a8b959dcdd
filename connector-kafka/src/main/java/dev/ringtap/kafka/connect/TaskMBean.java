package dev.ringtap.kafka.connect;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.DynamicMBean;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task's ledger under JMX, as {@code dev.ringtap:type=packet-source-task,connector="NAME",task=N}
 * with an attribute for each {@link TaskMetric}. Thread-safe.
 */
final class TaskMBean implements DynamicMBean, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskMBean.class);

  /** A task may be started while the one before it has not ended: the last one counts. */
  private static final Map<ObjectName, TaskMBean> REGISTERED = new ConcurrentHashMap<>();

  private final TaskLedger ledger;
  private final ObjectName name;

  private TaskMBean(TaskLedger ledger, ObjectName name) {
    this.ledger = ledger;
    this.name = name;
  }

  /** Shows a ledger. Without it the task works too, so a failure is only logged. */
  static @Nullable TaskMBean register(TaskLedger ledger, String connector, int task) {
    TaskMBean bean = null;
    try {
      bean = new TaskMBean(ledger, name(connector, task));
      synchronized (REGISTERED) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        if (REGISTERED.put(bean.name, bean) != null) {
          server.unregisterMBean(bean.name);
        }
        server.registerMBean(bean, bean.name);
      }
    } catch (JMException e) {
      LOG.warn("the counts of task {} of {} are not in JMX: {}", task, connector, e.toString());
    }
    return bean;
  }

  static ObjectName name(String connector, int task) throws JMException {
    return new ObjectName(
        "dev.ringtap:type=packet-source-task,connector=%s,task=%s"
            .formatted(ObjectName.quote(connector), task));
  }

  @Override
  public void close() {
    synchronized (REGISTERED) {
      if (REGISTERED.remove(name, this)) {
        try {
          ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        } catch (JMException e) {
          LOG.warn("{} stays in JMX: {}", name, e.toString());
        }
      }
    }
  }

  @Override
  public Object getAttribute(String id) throws AttributeNotFoundException {
    for (TaskMetric metric : TaskMetric.values()) {
      if (metric.id().equals(id)) {
        return ledger.value(metric);
      }
    }
    throw new AttributeNotFoundException(id);
  }

  @Override
  public AttributeList getAttributes(String[] ids) {
    AttributeList found = new AttributeList();
    for (TaskMetric metric : TaskMetric.values()) {
      if (Arrays.asList(ids).contains(metric.id())) {
        found.add(new Attribute(metric.id(), ledger.value(metric)));
      }
    }
    return found;
  }

  @Override
  public MBeanInfo getMBeanInfo() {
    MBeanAttributeInfo[] attributes =
        Arrays.stream(TaskMetric.values())
            .map(
                metric ->
                    new MBeanAttributeInfo(
                        metric.id(), "long", metric.description(), true, false, false))
            .toArray(MBeanAttributeInfo[]::new);
    return new MBeanInfo(
        TaskMBean.class.getName(), "Where a task's frames went.", attributes, null, null, null);
  }

  @Override
  public void setAttribute(Attribute attribute) throws AttributeNotFoundException {
    throw new AttributeNotFoundException(attribute.getName() + " cannot be set");
  }

  @Override
  public AttributeList setAttributes(AttributeList attributes) {
    return new AttributeList();
  }

  @Override
  public Object invoke(String action, Object[] parameters, String[] signature) {
    throw new UnsupportedOperationException(action);
  }
}
